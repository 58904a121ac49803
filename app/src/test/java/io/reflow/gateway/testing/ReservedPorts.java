package io.reflow.gateway.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/// Ports in a row for programs that have to be told theirs. While this is open Linux gives them to
/// nobody who asks for any port; whoever asks for one of them by its number can listen there.
///
/// Each is bound by a socket that does not listen and lets others use the address again, as servers
/// let them.
public final class ReservedPorts implements AutoCloseable {

  private static final int ATTEMPTS = 100;

  private final List<Socket> holders;

  private ReservedPorts(List<Socket> holders) {
    this.holders = holders;
  }

  public static ReservedPorts inARow(int count) {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      var ports = new ReservedPorts(new ArrayList<>());
      if (ports.hold(count)) {
        return ports;
      }
      ports.close();
    }
    throw new IllegalStateException("there are no %d free ports in a row".formatted(count));
  }

  private boolean hold(int count) {
    try {
      for (int i = 0; i < count; i++) {
        var holder = new Socket();
        holders.add(holder);
        // Not before it is bound: or else others may have reserved the same.
        holder.setReuseAddress(false);
        holder.bind(new InetSocketAddress(i == 0 ? 0 : first() + i));
      }
      for (Socket holder : holders) {
        holder.setReuseAddress(true);
      }
      return true;
    } catch (IOException | IllegalArgumentException _) {
      // One that follows is taken, or there is none.
      return false;
    }
  }

  public int first() {
    return holders.getFirst().getLocalPort();
  }

  @Override
  public void close() {
    for (Socket holder : holders) {
      try {
        holder.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
