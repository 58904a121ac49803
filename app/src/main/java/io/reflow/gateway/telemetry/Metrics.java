package io.reflow.gateway.telemetry;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.exporter.prometheus.PrometheusMetricReader;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.metrics.export.MetricReader;
import io.opentelemetry.sdk.metrics.export.PeriodicMetricReader;
import io.opentelemetry.sdk.resources.Resource;
import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.reflow.gateway.telemetry.Reading.Counts;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// All figures of the gateway, the same on `/metrics` and over OTLP. Recording one takes no lock
/// and no I/O; gauges and counters that are kept elsewhere are asked for only when somebody
/// collects.
///
/// Labels are bounded whatever clients and targets send: methods that MCP does not have count as
/// `_OTHER`, and only the first 500 targets, and the first 500 tools that answered, have labels of
/// their own. Names are shown without control characters, and cut.
public final class Metrics implements AutoCloseable {

  /// The content type of [#prometheusText()].
  public static final String PROMETHEUS_TEXT = PrometheusTextFormatWriter.CONTENT_TYPE;

  static final int MAX_TARGETS = 500;

  private static final Duration CLOSING = Duration.ofSeconds(5);

  /// Of one metric: all outcomes of all tools.
  private static final int MAX_SERIES = 10_000;

  private static final double[] REQUEST_SECONDS = {
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120
  };
  private static final double[] TARGET_SECONDS = {0.005, 0.025, 0.1, 0.25, 1, 2.5, 10, 30, 120};

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

  private static final List<String> OUTCOMES = List.of("allowed", "denied", "failed", "cancelled");

  private static final Set<String> HTTP_METHODS =
      Set.of("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT");

  private static final AttributeKey<String> METHOD = AttributeKey.stringKey("mcp.method.name");
  private static final AttributeKey<String> OUTCOME = AttributeKey.stringKey("outcome");
  static final AttributeKey<String> TARGET = AttributeKey.stringKey("target");
  private static final AttributeKey<String> KIND = AttributeKey.stringKey("kind");
  private static final AttributeKey<String> DECISION = AttributeKey.stringKey("decision");
  private static final AttributeKey<String> BASIS = AttributeKey.stringKey("basis");
  private static final AttributeKey<String> REASON = AttributeKey.stringKey("reason");
  private static final AttributeKey<String> HTTP_METHOD =
      AttributeKey.stringKey("http.request.method");
  private static final AttributeKey<String> HTTP_ROUTE = AttributeKey.stringKey("http.route");
  private static final AttributeKey<String> HTTP_STATUS =
      AttributeKey.stringKey("http.response.status_code");

  private record Operation(String method, String outcome) {}

  private record Upstream(String target, String method, String outcome) {}

  private record HttpRequest(String method, String route, int status) {}

  private record Start(String target, String kind, String outcome) {}

  private record OfInstances(String target, String kind) {
    Attributes attributes() {
      return Attributes.of(TARGET, target, KIND, kind);
    }
  }

  private record PolicyDecision(String target, String kind, String decision, String basis) {}

  private record CredentialFailure(String target, String reason) {}

  private final Labels targets = new Labels(MAX_TARGETS);
  private final LongAdder activeHttp = new LongAdder();

  private final PrometheusMetricReader prometheus =
      PrometheusMetricReader.builder()
          .setOtelScopeLabelsEnabled(false)
          .setTargetInfoMetricEnabled(false)
          .build();
  private final SdkMeterProvider provider;
  private final Meter meter;
  private final InfoSnapshot build;

  private final Histograms<Operation> operations;
  private final Histograms<Upstream> upstreams;
  private final Histograms<HttpRequest> httpRequests;
  private final Histograms<Start> starts;
  private final Histograms<String> forwards;
  private final ToolFigures tools;
  private final Counters<OfInstances> crashes;
  private final Counters<OfInstances> restarts;
  private final Counters<PolicyDecision> decisions;
  private final Counters<CredentialFailure> credentialFailures;
  private final Counters<String> refusals;

  /// @param version the gateway's, for `reflow_build_info`
  public Metrics(String version, InstantSource clock) {
    this(version, clock, Resource.empty(), List.of());
  }

  /// @param otlp where the same is sent to, now and then
  public Metrics(String version, InstantSource clock, Optional<Otlp> otlp) {
    this(
        version,
        clock,
        otlp.map(Otlp::resource).orElse(Resource.empty()),
        otlp.filter(Otlp::metricsEnabled).map(Metrics::sender).stream().toList());
    otlp.ifPresent(it ->
        counters(
            "reflow.telemetry.lost",
            "{item}",
            "Spans, lines, metrics and audit rows that no collector has taken",
            "signal",
            it::lost));
  }

  private static MetricReader sender(Otlp otlp) {
    return PeriodicMetricReader.builder(otlp.metricExporter())
        .setInterval(otlp.metricsInterval())
        .build();
  }

  /// @param readers who else is to have the figures
  Metrics(String version, InstantSource clock, Resource resource, List<MetricReader> readers) {
    var builder =
        SdkMeterProvider.builder()
            .setResource(resource)
            .registerMetricReader(prometheus, _ -> MAX_SERIES)
            .registerMetricProducer(this::collect);
    readers.forEach(reader -> builder.registerMetricReader(reader, _ -> MAX_SERIES));
    this.operations =
        new Histograms<>(
            "mcp.server.operation.duration",
            "How long the gateway took to answer a message of a client",
            REQUEST_SECONDS,
            it -> Attributes.of(METHOD, it.method(), OUTCOME, it.outcome()),
            clock);
    this.upstreams =
        new Histograms<>(
            "mcp.client.operation.duration",
            "How long targets took to answer the gateway, their start included",
            TARGET_SECONDS,
            it -> Attributes.of(TARGET, it.target(), METHOD, it.method(), OUTCOME, it.outcome()),
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
    this.starts =
        new Histograms<>(
            "reflow.instance.start.duration",
            "How long instances of targets took to start, or to fail at it",
            TARGET_SECONDS,
            it -> Attributes.of(TARGET, it.target(), KIND, it.kind(), OUTCOME, it.outcome()),
            clock);
    this.forwards =
        new Histograms<>(
            "reflow.replica.forward.duration",
            "How long requests took that were passed on to another replica",
            REQUEST_SECONDS,
            it -> Attributes.of(OUTCOME, it),
            clock);
    this.tools = new ToolFigures(TARGET_SECONDS, clock);
    this.provider = builder.build();
    this.meter = provider.get(Histograms.SCOPE.getName());
    this.build = new BuildInfo(version).register(meter);
    tools.register(meter);
    this.crashes =
        new Counters<>(
            meter,
            "reflow.instance.crashes",
            "{instance}",
            "Instances that ended without being told to",
            OfInstances::attributes);
    this.restarts =
        new Counters<>(
            meter,
            "reflow.instance.restarts",
            "{instance}",
            "Starts of an instance in place of one that had crashed or had not started",
            OfInstances::attributes);
    this.decisions =
        new Counters<>(
            meter,
            "reflow.policy.decisions",
            "{decision}",
            "Decisions of the policies on tools, prompts and resources that were asked for",
            it ->
                Attributes.of(
                    TARGET,
                    it.target(),
                    KIND,
                    it.kind(),
                    DECISION,
                    it.decision(),
                    BASIS,
                    it.basis()));
    this.credentialFailures =
        new Counters<>(
            meter,
            "reflow.credential.failures",
            "{call}",
            "Calls whose target could not be given the credentials that it needs",
            it -> Attributes.of(TARGET, it.target(), REASON, it.reason()));
    this.refusals =
        new Counters<>(
            meter,
            "reflow.requests.refused",
            "{request}",
            "Requests refused for what is known of their sender",
            it -> Attributes.of(REASON, it));
    meter
        .upDownCounterBuilder("http.server.active_requests")
        .setUnit("{request}")
        .setDescription("HTTP requests that are being answered")
        .buildWithCallback(it -> it.record(activeHttp.sum()));
    OUTCOMES.forEach(outcome -> operations.begin(new Operation("tools/call", outcome)));
    new ProcessMetrics(meter).register();
  }

  /// A message of a client is answered.
  ///
  /// @param outcome as in the audit row: `allowed`, `denied`, `failed`, `cancelled`
  public void request(String method, String outcome, Duration taken) {
    operations.record(new Operation(method(method), outcome), taken);
  }

  /// The method, if MCP has it; clients can send any.
  public static String method(String sent) {
    return known(METHODS, sent);
  }

  /// A tool call is answered.
  ///
  /// @param target the name of a target there is
  /// @param tool its own name for the tool
  /// @param outcome as in the audit row
  public void toolCall(String target, String tool, String outcome, Duration taken) {
    tools.record(targets.of(target), tool, outcome, taken);
  }

  /// A target has answered the gateway, or has not.
  ///
  /// @param outcome `answered`, `error`, `failed` or `cancelled`
  public void upstreamRequest(String target, String method, String outcome, Duration taken) {
    upstreams.record(new Upstream(targets.of(target), method(method), outcome), taken);
  }

  /// The policies have decided on a feature of a target.
  ///
  /// @param kind `tool`, `prompt` or `resource`
  /// @param byRule whether a rule says so; else none says anything
  public void decision(String target, String kind, boolean allowed, boolean byRule) {
    decisions.add(
        new PolicyDecision(
            targets.of(target), kind, allowed ? "allow" : "deny", byRule ? "rule" : "default"));
  }

  /// An instance has started, or has not.
  ///
  /// @param kind `process` or `connection`
  /// @param again whether it takes the place of one that crashed or did not start
  public void instanceStart(
      String target, String kind, boolean started, boolean again, Duration taken) {
    String label = targets.of(target);
    starts.record(new Start(label, kind, started ? "started" : "failed"), taken);
    if (again) {
      restarts.add(new OfInstances(label, kind));
    }
  }

  /// An instance has ended without being told to.
  public void instanceCrash(String target, String kind) {
    crashes.add(new OfInstances(targets.of(target), kind));
  }

  /// The credentials for a target can't be had.
  ///
  /// @param reason `missing` or `unusable`
  public void credentialFailure(String target, String reason) {
    credentialFailures.add(new CredentialFailure(targets.of(target), reason));
  }

  /// A request was passed on to another replica.
  ///
  /// @param outcome `answered`, `left`, `lost` or `elsewhere`
  public void forward(String outcome, Duration taken) {
    forwards.record(outcome, taken);
  }

  /// An HTTP request has come; [#httpRequest] follows.
  public void httpRequestBegins() {
    activeHttp.increment();
  }

  /// An HTTP request is answered.
  ///
  /// @param route the route's pattern, never the path itself
  public void httpRequest(String method, Optional<String> route, int status, Duration taken) {
    activeHttp.decrement();
    httpRequests.record(
        new HttpRequest(known(HTTP_METHODS, method), route.orElse(Labels.OTHER), status), taken);
  }

  /// A request was refused for what is known of its sender, mostly before it was looked at.
  ///
  /// @param reason one of a few words: `token_missing`, `origin`, ...
  public void refused(String reason) {
    refusals.add(reason);
  }

  /// These are all targets that there are: the figures of others go, and their places among the
  /// labels with them.
  public void keepTargets(Collection<String> names) {
    targets
        .keep(names)
        .forEach(gone -> {
          upstreams.forget(it -> it.target().equals(gone));
          starts.forget(it -> it.target().equals(gone));
          tools.forget(gone);
          crashes.forget(it -> it.target().equals(gone));
          restarts.forget(it -> it.target().equals(gone));
          decisions.forget(it -> it.target().equals(gone));
          credentialFailures.forget(it -> it.target().equals(gone));
        });
  }

  /// The name of a target as a label.
  public String targetLabel(String name) {
    return targets.of(name);
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

  /// A value with labels of its own.
  ///
  /// @param labels by their names
  public record Sample(Map<String, String> labels, double value) {

    public Sample {
      labels = Map.copyOf(labels);
    }

    private Attributes attributes() {
      var attributes = Attributes.builder();
      labels.forEach(attributes::put);
      return attributes.build();
    }
  }

  /// Values that are told apart by more than one label.
  public void gauges(String name, String unit, String description, Supplier<List<Sample>> values) {
    meter
        .gaugeBuilder(name)
        .setUnit(unit)
        .setDescription(description)
        .buildWithCallback(
            it -> values.get().forEach(sample -> it.record(sample.value(), sample.attributes())));
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
    tools.read((target, counts) -> byTarget.merge(target, counts, Counts::plus));
    return new Reading(System.nanoTime(), requests[0], byTarget, refusals.total());
  }

  private static long total(long[] counts) {
    return Arrays.stream(counts).sum();
  }

  /// A total for each of a few words.
  private void counters(
      String name,
      String unit,
      String description,
      String label,
      Supplier<Map<String, Long>> totals) {
    AttributeKey<String> key = AttributeKey.stringKey(label);
    meter
        .counterBuilder(name)
        .setUnit(unit)
        .setDescription(description)
        .buildWithCallback(it ->
            totals.get().forEach((word, total) -> it.record(total, Attributes.of(key, word))));
  }

  /// Everything, in the text format of Prometheus.
  public byte[] prometheusText() {
    ByteArrayOutputStream text = new ByteArrayOutputStream(16_384);
    try {
      PrometheusTextFormatWriter.create()
          .write(
              text,
              new MetricSnapshots(
                  Stream.concat(
                          Stream.of(build),
                          prometheus.collect().stream().filter(it -> !BuildInfo.is(it)))
                      .toList()),
              EscapingScheme.UNDERSCORE_ESCAPING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toByteArray();
  }

  /// What is measured last still goes to those who have the figures sent, if they take it in time.
  @Override
  public void close() {
    provider.shutdown().join(CLOSING.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static String known(Set<String> names, String name) {
    return names.contains(name) ? name : Labels.OTHER;
  }

  /// What is counted here, as it is collected.
  List<MetricData> measured() {
    return collect(Resource.empty());
  }

  private List<MetricData> collect(Resource resource) {
    return List.of(
        operations.collect(resource),
        upstreams.collect(resource),
        httpRequests.collect(resource),
        starts.collect(resource),
        forwards.collect(resource),
        tools.collect(resource));
  }
}
