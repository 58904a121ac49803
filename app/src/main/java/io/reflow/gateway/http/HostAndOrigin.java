package io.reflow.gateway.http;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HttpException;
import io.helidon.http.Status;
import io.helidon.webserver.http.RoutingRequest;
import io.reflow.gateway.config.CorsConfig;
import io.reflow.gateway.config.ServerConfig;
import java.net.URI;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// Refuses requests that reach the gateway under a foreign name, or from a page of a foreign
/// origin, before anybody looks at their token: so that no web page can use a browser to get at a
/// gateway behind it. Health checks come under any name.
///
/// See [Streamable HTTP,
/// security](https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#security-warning).
final class HostAndOrigin {

  private final Set<String> anyPortHosts = new HashSet<>();
  private final Set<WebOrigin> hosts = new HashSet<>();
  private final Set<WebOrigin> origins = new HashSet<>();
  private final boolean loopbackOrigins;
  private final Consumer<String> refused;

  /// Nearly all requests name the same host, which then needs no second look.
  private volatile String lastAllowedHost = "";

  /// @param refused counts what is refused, by a word for the reason
  HostAndOrigin(ServerConfig server, CorsConfig cors, Consumer<String> refused) {
    this.refused = refused;
    WebOrigin published = publicUrl(server.publicUrl());
    anyPortHosts.add(published.host());
    server.allowedHosts().forEach(this::allowHost);
    origins.add(published);
    cors.allowedOrigins().forEach(this::allowOrigin);
    loopbackOrigins = published.loopback();
  }

  /// Refuses it with 403, or does nothing.
  void check(RoutingRequest request) {
    if (!healthCheck(request.prologue().uriPath().rawPath())) {
      checkHost(single(request, HeaderNames.HOST).orElse(""));
      single(request, HeaderNames.ORIGIN).ifPresent(this::checkOrigin);
    }
  }

  private static WebOrigin publicUrl(URI url) {
    if (url.getScheme() == null || url.getHost() == null) {
      throw new IllegalArgumentException(
          "server.public-url must be an absolute URL with a host, not '%s'".formatted(url));
    }
    return WebOrigin.of(url);
  }

  private void allowHost(String text) {
    WebOrigin host =
        WebOrigin.ofHost(text)
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "server.allowed-hosts: '%s' is not a host name with an optional port"
                        .formatted(text)));
    if (host.port() == -1) {
      anyPortHosts.add(host.host());
    } else {
      hosts.add(host);
    }
  }

  private void allowOrigin(String text) {
    origins.add(
        WebOrigin.parse(text)
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "cors.allowed-origins: '%s' is not an origin like https://app.example.com"
                        .formatted(text))));
  }

  private static boolean healthCheck(String path) {
    return path.equals("/health") || path.equals("/health/live") || path.equals("/health/ready");
  }

  private Optional<String> single(RoutingRequest request, HeaderName name) {
    if (!request.headers().contains(name)) {
      return Optional.empty();
    }
    List<String> values = request.headers().all(name, List::of);
    if (values.size() > 1) {
      throw refused(
          name.equals(HeaderNames.HOST) ? "host" : "origin",
          "the %s header is there more than once".formatted(name.defaultCase()));
    }
    return Optional.of(values.getFirst());
  }

  private void checkHost(String value) {
    if (value.equals(lastAllowedHost)) {
      return;
    }
    boolean allowed =
        WebOrigin.ofHost(value)
            .filter(host ->
                host.loopback() || anyPortHosts.contains(host.host()) || hosts.contains(host))
            .isPresent();
    if (!allowed) {
      throw refused(
          "host",
          "the gateway is not known by this Host; an operator can add it to server.allowed-hosts");
    }
    lastAllowedHost = value;
  }

  private void checkOrigin(String value) {
    boolean allowed =
        WebOrigin.parse(value)
            .filter(origin -> origins.contains(origin) || ofThisMachine(origin))
            .isPresent();
    if (!allowed) {
      throw refused(
          "origin",
          "pages of this Origin may not call the gateway;"
              + " an operator can add it to cors.allowed-origins");
    }
  }

  private boolean ofThisMachine(WebOrigin origin) {
    return loopbackOrigins && origin.loopback() && origin.scheme().startsWith("http");
  }

  private HttpException refused(String word, String reason) {
    refused.accept(word);
    return new HttpException(reason, Status.FORBIDDEN_403, true);
  }
}
