package io.reflow.gateway.testing;

import java.io.IOException;

/// What a server says where all it says takes one way, whatever it belongs to: a pipe, or the one
/// stream of HTTP+SSE. Each message comes in a thread of its own.
@FunctionalInterface
public interface Talk {

  /// Takes a message of the client; what is sent goes out as one line.
  void receive(String message, FakeTools.Peer peer) throws IOException, InterruptedException;
}
