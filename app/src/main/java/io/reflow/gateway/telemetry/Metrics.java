package io.reflow.gateway.telemetry;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.exporter.prometheus.PrometheusMetricReader;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.resources.Resource;
import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot.InfoDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.reflow.gateway.telemetry.Reading.Counts;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// All figures of the gateway. Recording one takes no lock and no I/O; gauges and counters that are
/// kept elsewhere are asked for only when somebody collects.
///
/// Labels are bounded whatever clients send: methods that MCP does not have count as `_OTHER`, and
/// only the first 500 tools that answered have a label of their own.
public final class Metrics implements AutoCloseable {

  /// The content type of [#prometheusText()].
  public static final String PROMETHEUS_TEXT = PrometheusTextFormatWriter.CONTENT_TYPE;

  static final int MAX_TOOLS = 500;

  /// Of one metric: all outcomes of all tools.
  private static final int MAX_SERIES = 10_000;

  static final String OTHER = "_OTHER";

  private static final double[] REQUEST_SECONDS = {
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120
  };
  private static final double[] TOOL_SECONDS = {0.005, 0.025, 0.1, 0.25, 1, 2.5, 10, 30, 120};

  // https://modelcontextprotocol.io/specification/2025-11-25/schema
  private static final Set<String> METHODS =
      Set.of(
          "completion/complete",
          "initialize",
          "logging/setLevel",
          "notifications/cancelled",
          "notifications/initialized",
          "notifications/progress",
          "notifications/roots/list_changed",
          "notifications/tasks/status",
          "ping",
          "prompts/get",
          "prompts/list",
          "resources/list",
          "resources/read",
          "resources/subscribe",
          "resources/templates/list",
          "resources/unsubscribe",
          "server/discover",
          "subscriptions/listen",
          "tasks/cancel",
          "tasks/get",
          "tasks/list",
          "tasks/result",
          "tools/call",
          "tools/list");

  private static final AttributeKey<String> METHOD = AttributeKey.stringKey("mcp.method.name");
  private static final AttributeKey<String> OUTCOME = AttributeKey.stringKey("outcome");
  private static final AttributeKey<String> TARGET = AttributeKey.stringKey("target");
  private static final AttributeKey<String> TOOL = AttributeKey.stringKey("tool");
  private static final AttributeKey<String> REASON = AttributeKey.stringKey("reason");
  private static final AttributeKey<String> HTTP_METHOD =
      AttributeKey.stringKey("http.request.method");
  private static final AttributeKey<String> HTTP_ROUTE = AttributeKey.stringKey("http.route");
  private static final AttributeKey<String> HTTP_STATUS =
      AttributeKey.stringKey("http.response.status_code");

  private record Operation(String method, String outcome) {}

  private record Tool(String target, String tool) {}

  private record ToolOutcome(Tool tool, String outcome) {}

  private record HttpRequest(String method, String route, int status) {}

  private final Histograms<Operation> operations;
  private final Histograms<HttpRequest> httpRequests;
  private final Histograms<Tool> toolDurations;
  private final Map<ToolOutcome, LongAdder> toolCalls = new ConcurrentHashMap<>();
  private final Map<String, LongAdder> refusals = new ConcurrentHashMap<>();
  private final Set<Tool> tools = ConcurrentHashMap.newKeySet();
  private final AtomicInteger toolsTaken = new AtomicInteger();

  private final PrometheusMetricReader prometheus =
      PrometheusMetricReader.builder()
          .setOtelScopeLabelsEnabled(false)
          .setTargetInfoMetricEnabled(false)
          .build();
  private final SdkMeterProvider provider;
  private final Meter meter;
  private final InfoSnapshot build;

  /// @param version the gateway's, for `reflow_build_info`
  public Metrics(String version, InstantSource clock) {
    this.operations =
        new Histograms<>(
            "mcp.server.operation.duration",
            "How long the gateway took to answer a message of a client",
            REQUEST_SECONDS,
            it -> Attributes.of(METHOD, it.method(), OUTCOME, it.outcome()),
            clock);
    this.httpRequests =
        new Histograms<>(
            "http.server.request.duration",
            "How long HTTP requests took",
            REQUEST_SECONDS,
            it ->
                Attributes.of(
                    HTTP_METHOD,
                    it.method(),
                    HTTP_ROUTE,
                    it.route(),
                    HTTP_STATUS,
                    Integer.toString(it.status())),
            clock);
    this.toolDurations =
        new Histograms<>(
            "reflow.tool.call.duration",
            "How long calls of a tool took",
            TOOL_SECONDS,
            it -> Attributes.of(TARGET, it.target(), TOOL, it.tool()),
            clock);
    this.provider =
        SdkMeterProvider.builder()
            .setResource(Resource.empty())
            .registerMetricReader(prometheus, _ -> MAX_SERIES)
            .registerMetricProducer(this::collect)
            .build();
    this.meter = provider.get("io.reflow.gateway");
    this.build =
        InfoSnapshot.builder()
            .name("reflow_build")
            .help("Which build runs")
            .dataPoint(
                InfoDataPointSnapshot.builder()
                    .labels(Labels.of("version", version, "java", Runtime.version().toString()))
                    .build())
            .build();
    registerCounters();
    new ProcessMetrics(meter).register();
  }

  /// A message of a client is answered.
  ///
  /// @param outcome as in the audit row: `allowed`, `denied`, `failed`, `cancelled`
  public void request(String method, String outcome, Duration taken) {
    operations.record(new Operation(METHODS.contains(method) ? method : OTHER, outcome), taken);
  }

  /// A tool call is answered.
  ///
  /// @param target the name of a target there is
  /// @param tool its own name for the tool
  /// @param outcome as in the audit row
  public void toolCall(String target, String tool, String outcome, Duration taken) {
    Tool labels = labels(new Tool(target, tool), outcome);
    toolDurations.record(labels, taken);
    add(toolCalls, new ToolOutcome(labels, outcome));
  }

  /// An HTTP request is answered.
  ///
  /// @param route the route's pattern, never the path itself
  public void httpRequest(String method, String route, int status, Duration taken) {
    httpRequests.record(new HttpRequest(method, route, status), taken);
  }

  /// A request was refused before its caller was known.
  ///
  /// @param reason one of a few words: `unauthenticated`, `origin`, `size`, ...
  public void refused(String reason) {
    add(refusals, reason);
  }

  /// A value that goes up and down; `unit` as in UCUM: `s`, `By`, `1`, `{session}`.
  public void gauge(String name, String unit, String description, DoubleSupplier value) {
    meter
        .gaugeBuilder(name)
        .setUnit(unit)
        .setDescription(description)
        .buildWithCallback(it -> it.record(value.getAsDouble()));
  }

  /// A value for each of a few words, such as the number of instances by state.
  public void gauges(
      String name,
      String unit,
      String description,
      String label,
      Supplier<? extends Map<String, ? extends Number>> values) {
    AttributeKey<String> key = AttributeKey.stringKey(label);
    meter
        .gaugeBuilder(name)
        .setUnit(unit)
        .setDescription(description)
        .buildWithCallback(it ->
            values
                .get()
                .forEach(
                    (word, value) -> it.record(value.doubleValue(), Attributes.of(key, word))));
  }

  /// A total that only goes up and is kept by its owner.
  public void counter(String name, String unit, String description, LongSupplier total) {
    meter
        .counterBuilder(name)
        .setUnit(unit)
        .setDescription(description)
        .buildWithCallback(it -> it.record(total.getAsLong()));
  }

  /// What is counted so far, for who watches it grow. Costs those nothing who count.
  public Reading reading() {
    var requests = new Counts[] {Counts.NONE};
    operations.read((labels, durations) ->
        requests[0] =
            requests[0].plus(
                new Counts(Map.of(labels.outcome(), total(durations.counts())), durations)));
    Map<String, Counts> byTarget = new HashMap<>();
    toolCalls.forEach((key, count) ->
        byTarget.merge(
            key.tool().target(),
            new Counts(Map.of(key.outcome(), count.sum()), Reading.Durations.NONE),
            Counts::plus));
    toolDurations.read((tool, durations) ->
        byTarget.merge(tool.target(), new Counts(Map.of(), durations), Counts::plus));
    long refused = refusals.values().stream().mapToLong(LongAdder::sum).sum();
    return new Reading(System.nanoTime(), requests[0], byTarget, refused);
  }

  private static long total(long[] counts) {
    return Arrays.stream(counts).sum();
  }

  /// Everything, in the text format of Prometheus.
  public byte[] prometheusText() {
    ByteArrayOutputStream text = new ByteArrayOutputStream(16_384);
    try {
      PrometheusTextFormatWriter.create()
          .write(
              text,
              new MetricSnapshots(
                  Stream.concat(Stream.of(build), prometheus.collect().stream()).toList()),
              EscapingScheme.UNDERSCORE_ESCAPING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toByteArray();
  }

  @Override
  public void close() {
    provider.close();
  }

  /// Only an allowed call gives a tool a label: what clients make up finds no place.
  private Tool labels(Tool tool, String outcome) {
    if (tools.contains(tool)) {
      return tool;
    }
    if (outcome.equals("allowed") && toolsTaken.get() < MAX_TOOLS) {
      if (toolsTaken.incrementAndGet() > MAX_TOOLS) {
        return new Tool(tool.target(), OTHER);
      }
      if (!tools.add(tool)) {
        toolsTaken.decrementAndGet();
      }
      return tool;
    }
    return new Tool(tool.target(), OTHER);
  }

  private static <K> void add(Map<K, LongAdder> counters, K key) {
    LongAdder counter = counters.get(key);
    if (counter == null) {
      counter = counters.computeIfAbsent(key, _ -> new LongAdder());
    }
    counter.increment();
  }

  private void registerCounters() {
    meter
        .counterBuilder("reflow.tool.calls")
        .setUnit("{call}")
        .setDescription("Calls of a tool by outcome")
        .buildWithCallback(it ->
            toolCalls.forEach((key, count) ->
                it.record(
                    count.sum(),
                    Attributes.of(
                        TARGET,
                        key.tool().target(),
                        TOOL,
                        key.tool().tool(),
                        OUTCOME,
                        key.outcome()))));
    meter
        .counterBuilder("reflow.requests.refused")
        .setUnit("{request}")
        .setDescription("Requests refused before their caller was known")
        .buildWithCallback(it ->
            refusals.forEach(
                (reason, count) -> it.record(count.sum(), Attributes.of(REASON, reason))));
  }

  private List<MetricData> collect(Resource resource) {
    return List.of(
        operations.collect(resource),
        httpRequests.collect(resource),
        toolDurations.collect(resource));
  }
}
