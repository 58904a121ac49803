package io.reflow.gateway.http;

import io.helidon.common.buffers.BufferData;
import io.helidon.http.Headers;
import io.helidon.http.Status;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionListener;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import io.reflow.gateway.config.ServerConfig;
import java.util.Set;

/// Makes every connection of a listener an HTTP/1.1 connection that is watched from its first
/// moment.
///
/// It has to be the only selector of its listener: with a single one the server asks it at once,
/// with several it first waits for bytes, for ever if need be.
final class WatchedConnections implements ServerConnectionSelector {

  private static final int MAX_REQUEST_LINE = 8 << 10;

  private final ServerConnectionSelector http;
  private final Deadlines deadlines;
  private final Watchdog watchdog;

  WatchedConnections(ServerConfig config, Sockets sockets) {
    this.deadlines = Deadlines.of(config);
    this.watchdog = new Watchdog(deadlines, config.maxConnections());
    Http1Config http1 =
        Http1Config.builder()
            .maxHeadersSize(config.maxHeaderSize().toInt())
            .maxPrologueLength(Math.min(MAX_REQUEST_LINE, config.maxHeaderSize().toInt()))
            .addReceiveListener(new Receiving())
            .addSendListener(new Sending())
            .build();
    this.http =
        Http1ConnectionSelector.builder()
            .config(http1)
            .putUpgrader(sockets.supportedProtocol(), sockets)
            .build();
  }

  @Override
  public ServerConnection connection(ConnectionContext context) {
    return new WatchedConnection(context, http, watchdog, deadlines);
  }

  @Override
  public int bytesToIdentifyConnection() {
    return 0;
  }

  @Override
  public Support supports(BufferData data) {
    return Support.SUPPORTED;
  }

  @Override
  public Set<String> supportedApplicationProtocols() {
    return http.supportedApplicationProtocols();
  }

  /// How many connections are open.
  int open() {
    return watchdog.watched();
  }

  // Both listeners also stand in for the server's own, which formats what it would log.

  private static final class Receiving implements Http1ConnectionListener {
    @Override
    public void headers(ConnectionContext context, Headers headers) {
      if (context instanceof WatchedContext watched) {
        watched.connection().received(headers);
      }
    }
  }

  private static final class Sending implements Http1ConnectionListener {
    @Override
    public void status(ConnectionContext context, Status status) {
      if (context instanceof WatchedContext watched) {
        watched.connection().answering(status);
      }
    }
  }
}
