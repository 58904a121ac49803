package io.reflow.gateway.live;

import jakarta.json.bind.annotation.JsonbProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The figures of this replica on the wire.
///
/// @param status as `/health` has it, and why
/// @param windowSeconds over which time the rates and percentiles are
/// @param refusedPerSecond requests without a token that counts
/// @param p50Ms no more than this for half of the answers, as exactly as the histogram tells
/// @param targets those that were called within the window, the busiest first
public record MetricsJson(
    String status,
    @Nullable String reason,
    double windowSeconds,
    double requestsPerSecond,
    double deniedPerSecond,
    double failedPerSecond,
    double refusedPerSecond,
    @JsonbProperty("p50_ms") @Nullable Double p50Ms,
    @JsonbProperty("p99_ms") @Nullable Double p99Ms,
    int sessions,
    int requestsInFlight,
    int streams,
    int suspendedCalls,
    int processes,
    int connections,
    long heapBytes,
    List<TargetJson> targets) {

  public MetricsJson {
    targets = List.copyOf(targets);
  }

  /// The figures of one target: calls of its tools.
  public record TargetJson(
      String target,
      double callsPerSecond,
      double deniedPerSecond,
      double failedPerSecond,
      @JsonbProperty("p50_ms") @Nullable Double p50Ms,
      @JsonbProperty("p99_ms") @Nullable Double p99Ms) {}
}
