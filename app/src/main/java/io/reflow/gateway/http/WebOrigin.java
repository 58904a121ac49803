package io.reflow.gateway.http;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/// Scheme, host and port of a web page, or host and port of a request. Everything is in lower case;
/// `port` is -1 where the text has none and the scheme has no port of its own.
record WebOrigin(String scheme, String host, int port) {

  private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");

  /// An `Origin` header or a configured origin: `scheme://host[:port]` and nothing more.
  static Optional<WebOrigin> parse(String text) {
    try {
      URI uri = new URI(text);
      boolean whole =
          uri.getScheme() != null
              && uri.getHost() != null
              && uri.getRawUserInfo() == null
              && uri.getRawQuery() == null
              && uri.getRawFragment() == null
              && Objects.equals(uri.getRawPath(), "")
              && !uri.getRawAuthority().endsWith(":")
              && uri.getPort() < 65536;
      return whole ? Optional.of(of(uri)) : Optional.empty();
    } catch (URISyntaxException _) {
      return Optional.empty();
    }
  }

  /// A `Host` header: `host[:port]`.
  static Optional<WebOrigin> ofHost(String host) {
    return parse("host://" + host);
  }

  /// Where a URL leads, whatever its path.
  static WebOrigin of(URI url) {
    String scheme = url.getScheme().toLowerCase(Locale.ROOT);
    return new WebOrigin(
        scheme,
        url.getHost().toLowerCase(Locale.ROOT),
        url.getPort() == -1 ? defaultPort(scheme) : url.getPort());
  }

  boolean loopback() {
    return LOOPBACK.contains(host);
  }

  private static int defaultPort(String scheme) {
    return switch (scheme) {
      case "http" -> 80;
      case "https" -> 443;
      default -> -1;
    };
  }
}
