package io.reflow.gateway.config;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/// The `telemetry` section: what is exported over OTLP, and where to. `headers` go with each export
/// as `<name>: <value>`, `resourceAttributes` are `<name>=<value>`.
///
/// `samplingRatio` is the part of all requests that is traced; with `followClients` it counts only
/// where the client did not decide. `baggage` names what is passed on of what clients bring along.
@InUseWhen("enabled")
public record TelemetryConfig(
    boolean enabled,
    URI endpoint,
    Protocol protocol,
    List<Secret> headers,
    String serviceName,
    List<String> resourceAttributes,
    Duration timeout,
    boolean traces,
    boolean metrics,
    boolean logs,
    boolean audit,
    double samplingRatio,
    boolean followClients,
    List<String> baggage,
    Duration interval,
    Duration metricsInterval) {

  /// How the collector is spoken to.
  public enum Protocol {
    GRPC("grpc"),
    HTTP_PROTOBUF("http/protobuf");

    private final String wireName;

    Protocol(String wireName) {
      this.wireName = wireName;
    }

    @Override
    public String toString() {
      return wireName;
    }
  }

  private static final Pattern HEADER =
      Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]+:[ \\t]*[\\x21-\\x7e]([\\x20-\\x7e]*)");
  private static final Pattern ATTRIBUTE = Pattern.compile("[A-Za-z][\\w.-]{0,127}=.{1,255}");

  // https://www.w3.org/TR/baggage/#key
  private static final Pattern BAGGAGE = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}");

  static final TelemetryConfig DEFAULTS =
      new TelemetryConfig(
          false,
          URI.create("http://localhost:4317"),
          Protocol.GRPC,
          List.of(),
          "reflow-gateway",
          List.of(),
          Duration.ofSeconds(10),
          true,
          true,
          true,
          false,
          0.1,
          false,
          List.of(),
          Duration.ofSeconds(2),
          Duration.ofSeconds(30));

  public TelemetryConfig {
    headers = List.copyOf(headers);
    resourceAttributes = List.copyOf(resourceAttributes);
    baggage = List.copyOf(baggage);
    Check check =
        new Check("telemetry")
            .that(
                isCollector(endpoint),
                "endpoint",
                // A password may stand in it.
                endpoint.getRawUserInfo() == null ? endpoint : "a URL with a user",
                "a URL like http://localhost:4317, without a user, query or fragment")
            .notBlank("service-name", serviceName)
            .positive("timeout", timeout)
            .that(
                samplingRatio >= 0 && samplingRatio <= 1, "sampling-ratio", samplingRatio, "0 to 1")
            .positive("interval", interval)
            .positive("metrics-interval", metricsInterval);
    for (Secret header : headers) {
      check.that(
          HEADER.matcher(header.reveal()).matches(),
          "headers",
          Check.describe(header),
          "<name>: <value>");
    }
    for (String attribute : resourceAttributes) {
      check.that(
          ATTRIBUTE.matcher(attribute).matches(),
          "resource-attributes",
          "'" + attribute + "'",
          "<name>=<value>, such as deployment.environment.name=production");
    }
    for (String key : baggage) {
      check.that(BAGGAGE.matcher(key).matches(), "baggage", "'" + key + "'", "a key of baggage");
    }
    check.orThrow();
  }

  private static boolean isCollector(URI endpoint) {
    String scheme = endpoint.getScheme();
    return scheme != null
        && List.of("http", "https").contains(scheme.toLowerCase(Locale.ROOT))
        && endpoint.getHost() != null
        && endpoint.getRawUserInfo() == null
        && endpoint.getRawQuery() == null
        && endpoint.getRawFragment() == null;
  }
}
