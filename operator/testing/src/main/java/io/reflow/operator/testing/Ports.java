package io.reflow.operator.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.atomic.AtomicInteger;

/// Ports for programs that are told one. They are below those that the system gives away by itself,
/// so that nobody gets one between the look at it and its use.
final class Ports {

  private static final int FIRST = 15_000;
  private static final int COUNT = 16_000;
  private static final int TRIES = 1_000;

  /// Processes begin in different places.
  private static final AtomicInteger NEXT =
      new AtomicInteger((int) (ProcessHandle.current().pid() * 97 % COUNT));

  private Ports() {}

  static int free() {
    for (int i = 0; i < TRIES; i++) {
      int port = FIRST + Math.floorMod(NEXT.getAndIncrement(), COUNT);
      if (isFree(port)) {
        return port;
      }
    }
    throw new IllegalStateException("No port is free");
  }

  private static boolean isFree(int port) {
    try (var socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress((InetAddress) null, port));
      return true;
    } catch (IOException _) {
      return false;
    }
  }
}
