package io.reflow.operator.testing;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;

/// A port for a program that has to be told its own. While this is open the system gives it to
/// nobody who asks for any port; whoever asks for it by its number can listen there.
///
/// It is bound by a socket that does not listen and lets others use the address again, as servers
/// let them.
final class HeldPort implements AutoCloseable {

  private final Socket holder = new Socket();

  HeldPort() throws IOException {
    // Not before it is bound: or else others may have held the same.
    holder.setReuseAddress(false);
    holder.bind(new InetSocketAddress(0));
    holder.setReuseAddress(true);
  }

  int number() {
    return holder.getLocalPort();
  }

  @Override
  public void close() throws IOException {
    holder.close();
  }
}
