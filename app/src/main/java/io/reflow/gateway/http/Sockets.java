package io.reflow.gateway.http;

import io.helidon.common.concurrency.limits.Limit;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Headers;
import io.helidon.http.HttpPrologue;
import io.helidon.http.Method;
import io.helidon.http.PathMatcher;
import io.helidon.http.PathMatchers;
import io.helidon.http.WritableHeaders;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http1.spi.Http1RoutedUpgrade;
import io.helidon.webserver.http1.spi.Http1RoutedUpgrader;
import io.helidon.webserver.http1.spi.Http1UpgradeResponse;
import io.helidon.webserver.http1.spi.Http1UpgradeResult;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.websocket.WsConfig;
import io.helidon.webserver.websocket.WsConnection;
import io.helidon.webserver.websocket.WsUpgrader;
import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/// The WebSocket routes of a listener. A request for one goes through the same filters as every
/// other before the protocol is switched: Host, Origin, no token in the URL.
///
/// What is no request for a WebSocket, or for one that is switched off, goes on to the ordinary
/// routes.
final class Sockets extends WsUpgrader implements Http1RoutedUpgrader {

  private static final WsConfig CONFIG =
      WsConfig.builder().maxFrameLength(Socket.LARGEST_MESSAGE).build();
  private static final HeaderName ACCEPT = HeaderNames.create("Sec-WebSocket-Accept");
  private static final String CONNECTION = "Upgrade";

  private final List<Route> routes = new CopyOnWriteArrayList<>();

  Sockets() {
    super(CONFIG);
  }

  private record Route(PathMatcher path, SocketHandler handler) {}

  /// What the listener has to know of the protocol.
  static WsConfig protocol() {
    return CONFIG;
  }

  void add(String path, SocketHandler handler) {
    routes.add(new Route(PathMatchers.create(path), handler));
  }

  @Override
  public Optional<Http1RoutedUpgrade> routedUpgrade(
      ConnectionContext context, HttpPrologue prologue, WritableHeaders<?> headers) {
    if (!(context instanceof WatchedContext watched) || !prologue.method().equals(Method.GET)) {
      return Optional.empty();
    }
    return routes.stream()
        .filter(route -> route.path().match(prologue.uriPath()).accepted())
        .findFirst()
        .map(
            route -> (response, received) -> upgrade(watched, prologue, received, response, route));
  }

  private Http1UpgradeResult upgrade(
      WatchedContext context,
      HttpPrologue prologue,
      Headers headers,
      Http1UpgradeResponse response,
      Route route) {
    String key = headers.first(WS_KEY).orElse("");
    if (!headers.first(WS_VERSION).orElse("").equals(SUPPORTED_VERSION)) {
      throw new InvalidRequest("a WebSocket needs the header 'Sec-WebSocket-Version: 13'");
    }
    var path = route.path().match(prologue.uriPath()).path().pathParameters();
    var socket =
        new Socket(
            context.connection(), path::get, context.remotePeer().host(), RequestTrace.of(headers));
    WritableHeaders<?> answer = WritableHeaders.create();
    answer.set(HeaderValues.create(HeaderNames.CONNECTION, CONNECTION));
    answer.set(HeaderValues.create(HeaderNames.UPGRADE, supportedProtocol()));
    answer.set(HeaderValues.create(ACCEPT, accept(context, key)));
    context.connection().upgraded();
    response.sendSwitchingProtocols(answer);
    return Http1UpgradeResult.upgraded(
        new Connection(
            WsConnection.create(
                context, prologue, WritableHeaders.create(), key, socket.listener(route.handler())),
            socket));
  }

  private String accept(ConnectionContext context, String key) {
    try {
      return hash(context, key);
    } catch (IllegalArgumentException _) {
      throw new InvalidRequest("a WebSocket needs a key in the header 'Sec-WebSocket-Key'");
    }
  }

  /// Tells the socket when its connection ends, which the server does not do where the client just
  /// leaves.
  private record Connection(ServerConnection connection, Socket socket)
      implements ServerConnection {

    @Override
    public void handle(Limit limit) throws InterruptedException {
      try {
        connection.handle(limit);
      } finally {
        socket.ended();
      }
    }

    @Override
    public Duration idleTime() {
      return connection.idleTime();
    }

    @Override
    public void close(boolean interrupt) {
      connection.close(interrupt);
    }
  }
}
