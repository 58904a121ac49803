package io.reflow.gateway.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Optional;

/// The `replica` section: how several gateways over one database find each other.
public record ReplicaConfig(Optional<String> address, String host, int port, Duration deadAfter) {

  static final ReplicaConfig DEFAULTS =
      new ReplicaConfig(Optional.empty(), "0.0.0.0", 3002, Duration.ofSeconds(15));

  public ReplicaConfig {
    new Check("replica")
        .that(
            address.map(ReplicaConfig::isAuthority).orElse(true),
            "address",
            "'%s'".formatted(address.orElse("")),
            "host or host:port")
        .notBlank("host", host)
        .port("port", port)
        .that(
            deadAfter.toMillis() >= 1000 && deadAfter.compareTo(Duration.ofHours(1)) <= 0,
            "dead-after",
            deadAfter,
            "a duration of 1s to 1h")
        .orThrow();
  }

  private static boolean isAuthority(String address) {
    try {
      URI uri = new URI("http://" + address);
      return uri.getHost() != null
          && uri.getRawUserInfo() == null
          && uri.getRawPath().isEmpty()
          && uri.getRawQuery() == null
          && uri.getRawFragment() == null;
    } catch (URISyntaxException _) {
      return false;
    }
  }

  /// What the others are told.
  ///
  /// @param listening the port of the listener, for an address that names none
  public Optional<URI> advertised(int listening) {
    return address
        .map(authority -> URI.create("http://" + authority))
        .map(uri ->
            uri.getPort() >= 0
                ? uri
                : URI.create("http://%s:%d".formatted(uri.getHost(), listening)));
  }
}
