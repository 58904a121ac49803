package io.reflow.gateway.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.metrics.v1.HistogramDataPoint;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.proto.metrics.v1.NumberDataPoint;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A collector and a Prometheus are told the same.
class OtlpMetricsIT {

  /// What is another value a moment later.
  private static final Predicate<String> RESTLESS =
      Pattern.compile("^(jvm|process|otel_sdk|reflow_audit|reflow_policy_age|reflow_catalog_age).*")
          .asMatchPredicate();

  private static final Map<String, String> UNITS = Map.of("s", "_seconds", "By", "_bytes");

  private final AtomicReference<Map<String, Double>> received = new AtomicReference<>(Map.of());
  private HttpServer collector;
  private FakeMcpServer web;
  private TestGateway gateway;

  @BeforeEach
  void start() throws IOException {
    collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    collector.createContext("/v1/metrics", this::take);
    collector.start();
    web = new FakeMcpServer().list("echo", "fail");
    gateway =
        TestGateway.start(
            Map.of(
                "TELEMETRY_ENABLED", "true",
                "TELEMETRY_PROTOCOL", "http/protobuf",
                "TELEMETRY_ENDPOINT",
                    "http://127.0.0.1:%d".formatted(collector.getAddress().getPort()),
                "TELEMETRY_TRACES", "false",
                "TELEMETRY_LOGS", "false",
                "TELEMETRY_METRICS_INTERVAL", "500ms"));
    gateway.target("web", web);
  }

  @AfterEach
  void stop() {
    gateway.close();
    web.close();
    collector.stop(0);
  }

  @Test
  void aCollectorIsToldWhatPrometheusIsTold() throws IOException, InterruptedException {
    McpTestClient client = gateway.client(gateway.adminToken()).initialize();
    client.callTool("web_echo", Map.of());
    client.callTool("web_fail", Map.of());
    client.callTool("web_unknown", Map.of());
    gateway.client("wrong").request("ping", Map.of());

    UpstreamFixtures.await(() -> settled(received.get()).equals(settled(scraped())));

    assertThat(names(received.get())).isEqualTo(names(scraped()));
    assertThat(settled(received.get()))
        .hasSizeGreaterThan(200)
        .containsEntry(
            "reflow_tool_calls_total{outcome=\"allowed\",target=\"web\",tool=\"echo\"}", 1.0)
        .containsEntry("reflow_requests_refused_total{reason=\"token_invalid\"}", 1.0)
        .containsEntry("reflow_target_up{target=\"web\"}", 1.0);
  }

  private static Map<String, Double> settled(Map<String, Double> all) {
    Map<String, Double> settled = new TreeMap<>(all);
    settled.keySet().removeIf(RESTLESS);
    return settled;
  }

  private static Set<String> names(Map<String, Double> all) {
    return all.keySet().stream()
        .map(series -> series.replaceFirst("\\{.*", ""))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private Map<String, Double> scraped() throws IOException, InterruptedException {
    try (HttpClient http = HttpClient.newHttpClient()) {
      HttpRequest request = HttpRequest.newBuilder(gateway.managementUri("/metrics")).build();
      String text = http.send(request, BodyHandlers.ofString()).body();
      return text.lines()
          .filter(line -> !line.startsWith("#"))
          .collect(
              Collectors.toMap(
                  line -> line.substring(0, line.lastIndexOf(' ')),
                  line -> number(line.substring(line.lastIndexOf(' ') + 1))));
    }
  }

  private static double number(String text) {
    return text.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(text);
  }

  private void take(HttpExchange exchange) throws IOException {
    try (exchange) {
      var request = ExportMetricsServiceRequest.parseFrom(exchange.getRequestBody());
      Map<String, Double> series = new HashMap<>();
      request.getResourceMetricsList().stream()
          .flatMap(resource -> resource.getScopeMetricsList().stream())
          .flatMap(scope -> scope.getMetricsList().stream())
          .forEach(metric -> read(metric, series));
      received.set(series);
      exchange.sendResponseHeaders(200, -1);
    }
  }

  /// As Prometheus names what it has from a collector.
  private static void read(Metric metric, Map<String, Double> series) {
    String name = plain(metric.getName()) + UNITS.getOrDefault(metric.getUnit(), "");
    switch (metric.getDataCase()) {
      case GAUGE ->
          metric.getGauge().getDataPointsList().forEach(point -> put(series, name, point));
      case SUM -> {
        String total = metric.getSum().getIsMonotonic() ? name + "_total" : name;
        metric.getSum().getDataPointsList().forEach(point -> put(series, total, point));
      }
      case HISTOGRAM ->
          metric.getHistogram().getDataPointsList().forEach(point -> put(series, name, point));
      default -> throw new AssertionError("no such metric is wanted: " + metric);
    }
  }

  private static void put(Map<String, Double> series, String name, NumberDataPoint point) {
    double value = point.hasAsInt() ? point.getAsInt() : point.getAsDouble();
    series.put(name + labels(point.getAttributesList(), ""), value);
  }

  private static void put(Map<String, Double> series, String name, HistogramDataPoint point) {
    List<KeyValue> labels = point.getAttributesList();
    series.put(name + "_count" + labels(labels, ""), (double) point.getCount());
    series.put(name + "_sum" + labels(labels, ""), point.getSum());
    double sum = 0;
    for (int i = 0; i < point.getBucketCountsCount(); i++) {
      sum += point.getBucketCounts(i);
      String le =
          i < point.getExplicitBoundsCount() ? Double.toString(point.getExplicitBounds(i)) : "+Inf";
      series.put(name + "_bucket" + labels(labels, "le=\"" + le + "\""), sum);
    }
  }

  private static String labels(List<KeyValue> attributes, String last) {
    List<String> labels =
        attributes.stream()
            .map(it -> plain(it.getKey()) + "=\"" + it.getValue().getStringValue() + "\"")
            .sorted()
            .collect(Collectors.toList());
    if (!last.isEmpty()) {
      labels.add(last);
    }
    return labels.isEmpty() ? "" : "{" + String.join(",", labels) + "}";
  }

  private static String plain(String name) {
    return name.replaceAll("[^a-zA-Z0-9]", "_");
  }
}
