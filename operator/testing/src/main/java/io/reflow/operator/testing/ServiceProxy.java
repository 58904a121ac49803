package io.reflow.operator.testing;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// The address of a Service, for as long as a pod is ready: without one, connections are refused.
/// What is connected stays connected to its pod.
final class ServiceProxy implements AutoCloseable {

  private final ServerSocket listener;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private volatile int port;
  private volatile boolean closed;

  private ServiceProxy(ServerSocket listener, int port) {
    this.listener = listener;
    this.port = port;
  }

  /// @param port where the pod's program listens
  static ServiceProxy open(InetSocketAddress address, int port) throws IOException {
    var listener = new ServerSocket();
    try {
      listener.bind(address, 256);
    } catch (IOException e) {
      listener.close();
      throw e;
    }
    var proxy = new ServiceProxy(listener, port);
    Thread _ = Thread.ofVirtual().name("service-" + address).start(proxy::accept);
    return proxy;
  }

  /// From now on connections lead to another pod.
  void leadTo(int other) {
    port = other;
  }

  /// No more connections; those that there are go on.
  void refuse() {
    close(listener);
  }

  @Override
  public void close() {
    closed = true;
    refuse();
    open.forEach(ServiceProxy::close);
  }

  private void accept() {
    try {
      while (true) {
        Socket caller = listener.accept();
        Thread _ = Thread.ofVirtual().name("connection").start(() -> connect(caller));
      }
    } catch (IOException _) {
      // It is closed.
    }
  }

  private void connect(Socket caller) {
    Socket pod = new Socket();
    open.add(caller);
    open.add(pod);
    try (caller;
        pod) {
      if (closed) {
        return;
      }
      caller.setTcpNoDelay(true);
      pod.setTcpNoDelay(true);
      pod.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      Thread back = Thread.ofVirtual().name("answers").start(() -> copy(pod, caller));
      copy(caller, pod);
      back.join();
    } catch (IOException _) {
      // One of them is gone, and so is the other.
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      open.remove(caller);
      open.remove(pod);
    }
  }

  /// What has ended in the usual way ends so on the other side; what broke, breaks.
  private static void copy(Socket from, Socket to) {
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      long _ = in.transferTo(out);
      to.shutdownOutput();
    } catch (IOException _) {
      close(from);
      close(to);
    }
  }

  private static void close(Closeable closeable) {
    try {
      closeable.close();
    } catch (IOException _) {
      // It is closed as far as it can be.
    }
  }
}
