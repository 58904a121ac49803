package io.reflow.gateway.bench;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.bench.GatewayProcess.Variant;
import io.reflow.gateway.telemetry.Logging;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/// Measures what the audit log and telemetry cost, side by side in one run: the gateway as it is
/// shipped, one that records nothing, and one with telemetry that traces a tenth of all requests.
///
/// What is claimed is checked: the first and the last have a row for each call, the second has
/// none, and the share of the requests arrives at a collector that was to be traced.
final class ObservabilityRun {

  private static final String TOOL = "echo_echo";
  private static final double RATIO = 0.1;

  /// So many standard deviations off is no chance any more.
  private static final double SURE = 6;

  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Duration GLANCE = Duration.ofMillis(200);

  private final Plan plan;
  private final Path work;
  private final ObservabilityReport report = new ObservabilityReport();

  private ObservabilityRun(Plan plan, Path work) {
    this.plan = plan;
    this.work = work;
  }

  /// Does what is planned and leaves nothing behind.
  ///
  /// @throws IllegalStateException when a server does not start, an answer is wrong, or a row or a
  ///   span is missing
  static ObservabilityReport run(Plan plan) {
    if (System.getenv("DATABASE_HOST") != null) {
      throw new IllegalStateException(
          "gateways that are compared need a database each: unset DATABASE_HOST");
    }
    Logging.configure(BareServer.QUIET);
    try (var scratch = Scratch.create()) {
      var run = new ObservabilityRun(plan, scratch.folder());
      run.measure();
      return run.report;
    }
  }

  private void measure() {
    Path classes = work.resolve("audit-off");
    AuditOff.write(plan.gateway(), classes);
    Turns.progress("starting everything");
    try (var echo = ServerProcess.start(EchoServer.class);
        var sink = ServerProcess.start(OtlpSink.class)) {
      String collector = "http://127.0.0.1:" + sink.port();
      long traced;
      try (var off = start("off", new Variant(Optional.of(classes), Map.of()));
          var on = start("on", Variant.AS_SHIPPED);
          var telemetry = start("telemetry", new Variant(Optional.empty(), telemetry(collector)))) {
        Way withoutAudit = way(off, echo, ObservabilityReport.AUDIT_OFF);
        Way asShipped = way(on, echo, ObservabilityReport.AS_SHIPPED);
        Way withTelemetry = way(telemetry, echo, ObservabilityReport.TELEMETRY);
        var turns = new Turns(plan, List.of(withoutAudit, asShipped, withTelemetry));
        turns.warmUp();
        plan.connections().forEach(connections -> report.add(turns.rows(connections)));
        turns.restless().forEach(report::restless);
        traced = turns.asked(withTelemetry);
        requireRows(off, 0);
        requireRows(on, turns.asked(asShipped) + Clients.MESSAGES);
        requireRows(telemetry, traced + Clients.MESSAGES);
        requireMetrics(collector);
      }
      requireSpans(counts(collector), traced);
    }
  }

  private GatewayProcess start(String name, Variant variant) {
    return GatewayProcess.start(plan, work.resolve(name), variant);
  }

  private static Map<String, String> telemetry(String collector) {
    return Map.of(
        "TELEMETRY_ENABLED",
        "true",
        "TELEMETRY_ENDPOINT",
        collector,
        "TELEMETRY_PROTOCOL",
        "http/protobuf",
        "TELEMETRY_SAMPLING_RATIO",
        Double.toString(RATIO));
  }

  private static Way way(GatewayProcess gateway, ServerProcess echo, String name) {
    String token = gateway.clientToken();
    gateway.addHttpTarget("echo", echo.mcp());
    var clients = Clients.open(gateway, token);
    return gateway.way(name, connection -> clients.call(connection, TOOL));
  }

  /// Waits until they are in the database.
  private void requireRows(GatewayProcess gateway, long wanted) {
    Turns.progress("verifying an audit log");
    JsonNode[] verdict = {gateway.verifyAudit()};
    boolean _ =
        await(() -> {
          if (verdict[0].path("rows").asLong() < wanted) {
            verdict[0] = gateway.verifyAudit();
          }
          return verdict[0].path("rows").asLong() >= wanted;
        });
    if (verdict[0].path("rows").asLong() != wanted || !verdict[0].path("unbroken").asBoolean()) {
      throw new IllegalStateException("%d rows wanted: %s".formatted(wanted, verdict[0]));
    }
    report.rows(wanted);
  }

  /// False when it takes too long.
  private static boolean await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    boolean met = condition.getAsBoolean();
    while (!met && System.nanoTime() - deadline < 0) {
      LockSupport.parkNanos(GLANCE.toNanos());
      met = condition.getAsBoolean();
    }
    return met;
  }

  /// They are sent every half a minute.
  private static void requireMetrics(String collector) {
    Turns.progress("waiting for metrics");
    if (!await(() -> counts(collector).has("metric mcp.server.operation.duration"))) {
      throw new IllegalStateException("no metrics have arrived: " + counts(collector));
    }
  }

  /// Each call that is traced has one of that name for the message and one for the target.
  private void requireSpans(JsonNode counts, long calls) {
    double traced = counts.path("span tools/call echo").asLong() / 2.0;
    double expected = RATIO * calls;
    double deviation = Math.sqrt(calls * RATIO * (1 - RATIO));
    boolean requests = counts.path("span POST /mcp").asLong() >= traced;
    if (!requests || Math.abs(traced - expected) > SURE * deviation) {
      throw new IllegalStateException(
          "of %d calls %.0f were to be traced: %s".formatted(calls, expected, counts));
    }
    report.traced(calls, Math.round(traced));
  }

  private static JsonNode counts(String collector) {
    try (var http = HttpClient.newHttpClient()) {
      return GatewayProcess.read(
          http.send(
                  HttpRequest.newBuilder(URI.create(collector + "/counts")).build(),
                  BodyHandlers.ofString())
              .body());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
