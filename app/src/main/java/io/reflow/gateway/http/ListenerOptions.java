package io.reflow.gateway.http;

import io.helidon.common.socket.SocketOptions;
import io.helidon.webserver.ErrorHandling;
import io.helidon.webserver.ListenerConfig;
import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.reflow.gateway.config.CorsConfig;
import io.reflow.gateway.config.ManagementConfig;
import io.reflow.gateway.config.ServerConfig;
import io.reflow.gateway.telemetry.Metrics;
import io.reflow.gateway.telemetry.Tracing;
import java.util.Optional;
import org.slf4j.MDC;

/// How the gateway listens: HTTP/1.1 only, every connection watched, sizes and numbers bounded.
public final class ListenerOptions {

  private final ServerConfig config;
  private final Optional<Tracing> tracing;
  private final Sockets sockets = new Sockets();

  /// @param tracing what traces requests, if they are traced
  public ListenerOptions(ServerConfig config, Optional<Tracing> tracing) {
    this.config = config;
    this.tracing = tracing;
  }

  /// Sets up the server and its main listener.
  public void apply(WebServerConfig.Builder server) {
    server.featuresDiscoverServices(false).shutdownHook(false);
    listen(server, config.host(), config.port(), sockets);
  }

  /// Adds a route of the main listener that is a WebSocket.
  public void socket(String path, SocketHandler handler) {
    sockets.add(path, handler);
  }

  /// The listener for health checks and metrics, which come under any name.
  public ListenerConfig management(
      String name, ManagementConfig management, HttpRouting.Builder routing) {
    var listener = ListenerConfig.builder().name(name);
    listen(listener, management.host(), management.port(), new Sockets());
    ErrorRendering.register(routing);
    return listener.routing(routing).build();
  }

  /// The listener for other replicas, which come under any name too.
  public ListenerConfig internal(String name, String host, int port, HttpRouting.Builder routing) {
    var listener = ListenerConfig.builder().name(name);
    listen(listener, host, port, new Sockets());
    return listener.routing(routing).build();
  }

  /// Keeps the gateway's own child processes out of the management listener; call it before the
  /// first route.
  ///
  /// @param strangers tells their sockets
  public void guardManagement(HttpRouting.Builder routing, LocalPeers.Strangers strangers) {
    routing.addFilter(new LocalPeers(strangers));
  }

  /// Adds what every route of the internal listener has; call it before the first route.
  public void guardInternal(HttpRouting.Builder routing) {
    ErrorRendering.register(routing);
    routing.addFilter(ListenerOptions::withTraceId);
  }

  /// Traces what other replicas pass on, if requests are traced; call it when only they come in.
  public void traceInternal(HttpRouting.Builder routing) {
    tracing.ifPresent(it -> routing.addFilter(new TracedRequests(it, true)));
  }

  /// Adds what every route of the main listener is guarded by; call it before the first route.
  public void guard(HttpRouting.Builder routing, CorsConfig cors, Metrics metrics) {
    ErrorRendering.register(routing);
    routing.addFilter(new MeasuredRequests(metrics));
    routing.addFilter(ListenerOptions::withTraceId);
    tracing.ifPresent(it -> routing.addFilter(new TracedRequests(it, false)));
    routing.addFilter(
        new Doorkeeper(new HostAndOrigin(config, cors, metrics::refused), new Cors(cors)));
  }

  /// Whatever is logged while a request is worked on carries its trace id.
  private static void withTraceId(
      FilterChain chain, RoutingRequest request, RoutingResponse response) {
    try (var _ = MDC.putCloseable("traceId", RequestTrace.of(request).value())) {
      chain.proceed();
    }
  }

  private void listen(
      ListenerConfig.BuilderBase<?, ?> listener, String host, int port, Sockets sockets) {
    listener
        .host(host)
        .port(port)
        .protocolsDiscoverServices(false)
        .addConnectionSelector(new WatchedConnections(config, sockets))
        .addProtocol(Sockets.protocol())
        .maxPayloadSize(config.maxBodySize().bytes())
        .maxTcpConnections(config.maxConnections())
        .shutdownGracePeriod(config.shutdownGrace())
        .directHandlers(ErrorRendering.directHandlers())
        .errorHandling(ErrorHandling.builder().includeEntity(true).build())
        .connectionOptions(SocketOptions.builder().tcpNoDelay(true).build());
  }
}
