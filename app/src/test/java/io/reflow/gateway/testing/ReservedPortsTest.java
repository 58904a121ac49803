package io.reflow.gateway.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.junit.jupiter.api.Test;

final class ReservedPortsTest {

  @Test
  void whoAsksForOneCanListenThereAgainAndAgain() throws IOException {
    try (var ports = ReservedPorts.inARow(2)) {
      for (int i = 0; i < 3; i++) {
        int port = ports.first() + i % 2;
        try (var server = new ServerSocket(port, 1, InetAddress.getLoopbackAddress());
            var client = new Socket(InetAddress.getLoopbackAddress(), port);
            var accepted = server.accept()) {
          assertThat(accepted.getPort()).isEqualTo(client.getLocalPort());
        }
      }
    }
  }

  @Test
  void nobodyElseHasThem() throws IOException {
    try (var ports = ReservedPorts.inARow(1);
        var other = new Socket()) {
      other.setReuseAddress(false);

      assertThatThrownBy(() -> other.bind(new InetSocketAddress(ports.first())))
          .isInstanceOf(BindException.class);
      assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), ports.first()).close())
          .as("nobody listens")
          .isInstanceOf(IOException.class);
    }
  }
}
