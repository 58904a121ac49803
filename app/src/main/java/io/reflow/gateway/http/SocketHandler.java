package io.reflow.gateway.http;

/// Serves one WebSocket, on a thread of its own; when it returns the socket is closed.
@FunctionalInterface
public interface SocketHandler {

  void serve(Socket socket) throws InterruptedException;
}
