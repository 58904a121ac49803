package io.reflow.gateway.live;

import io.reflow.gateway.live.MetricsJson.TargetJson;
import io.reflow.gateway.session.OpenStreams;
import io.reflow.gateway.session.Session;
import io.reflow.gateway.session.Sessions;
import io.reflow.gateway.telemetry.Health;
import io.reflow.gateway.telemetry.Metrics;
import io.reflow.gateway.telemetry.Reading;
import io.reflow.gateway.telemetry.Reading.Counts;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/// Works out what the counters of the gateway say of the time between two looks at them.
///
/// @param suspendedCalls how many calls wait for their clients
/// @param processes how many child processes there are
/// @param connections how many connections to targets there are
public record LiveFigures(
    Metrics metrics,
    Health health,
    Sessions sessions,
    OpenStreams streams,
    IntSupplier suspendedCalls,
    IntSupplier processes,
    IntSupplier connections) {

  private static final int MOST_TARGETS = 100;

  Reading reading() {
    return metrics.reading();
  }

  MetricsJson between(Reading earlier, Reading now) {
    double seconds = Math.max(1e-3, (now.nanos() - earlier.nanos()) / 1e9);
    Counts requests = now.requests().since(earlier.requests());
    Health.Report report = health.ready();
    Runtime runtime = Runtime.getRuntime();
    return new MetricsJson(
        report.status().name().toLowerCase(Locale.ROOT),
        report.reason().isEmpty() ? null : report.reason(),
        rounded(seconds),
        rounded(requests.all() / seconds),
        rounded(requests.of("denied") / seconds),
        rounded(requests.of("failed") / seconds),
        rounded((now.refused() - earlier.refused()) / seconds),
        millis(requests, 0.5),
        millis(requests, 0.99),
        sessions.all().size(),
        sessions.all().stream().mapToInt(Session::requestsInFlight).sum() + sessions.calls().size(),
        streams.count(),
        suspendedCalls.getAsInt(),
        processes.getAsInt(),
        connections.getAsInt(),
        runtime.totalMemory() - runtime.freeMemory(),
        targets(earlier.tools(), now.tools(), seconds));
  }

  private static List<TargetJson> targets(
      Map<String, Counts> earlier, Map<String, Counts> now, double seconds) {
    return now.entrySet().stream()
        .map(it ->
            target(
                it.getKey(),
                it.getValue().since(earlier.getOrDefault(it.getKey(), Counts.NONE)),
                seconds))
        .filter(it -> it.callsPerSecond() > 0)
        .sorted(Comparator.comparingDouble(TargetJson::callsPerSecond).reversed())
        .limit(MOST_TARGETS)
        .toList();
  }

  private static TargetJson target(String name, Counts calls, double seconds) {
    return new TargetJson(
        name,
        rounded(calls.all() / seconds),
        rounded(calls.of("denied") / seconds),
        rounded(calls.of("failed") / seconds),
        millis(calls, 0.5),
        millis(calls, 0.99));
  }

  private static @Nullable Double millis(Counts of, double part) {
    return of.percentile(part).map(Duration::toNanos).map(nanos -> nanos / 1e6).orElse(null);
  }

  /// Never to nothing what is something.
  private static double rounded(double value) {
    return Math.ceil(value * 1e3) / 1e3;
  }
}
