package io.reflow.gateway.audit;

import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The result of a verification on the wire.
///
/// @param checkpoint the newest one, as the log has it, and when it was made
/// @param faultCount of which `faults` are the first
public record VerdictJson(
    boolean unbroken,
    long rows,
    List<ChainJson> chains,
    @Nullable String checkpoint,
    @Nullable String checkpointTime,
    long faultCount,
    List<FaultJson> faults) {

  /// The part of a replica's chain that was looked at.
  public record ChainJson(String replica, long first, long last, long rows) {}

  /// Something that is not as it was written.
  public record FaultJson(
      String kind,
      @Nullable String replica,
      long first,
      long last,
      @Nullable String time,
      String text) {}

  static VerdictJson of(Verdict verdict) {
    return new VerdictJson(
        verdict.unbroken(),
        verdict.rows(),
        verdict.chains().stream()
            .map(part ->
                new ChainJson(part.replica().toString(), part.first(), part.last(), part.rows()))
            .toList(),
        verdict.newest().map(newest -> newest.id().text()).orElse(null),
        verdict.newest().map(newest -> newest.time().toString()).orElse(null),
        verdict.faultCount(),
        verdict.faults().stream().map(VerdictJson::of).toList());
  }

  private static FaultJson of(Fault fault) {
    return new FaultJson(
        fault.kind().wireName(),
        fault.replica().map(UUID::toString).orElse(null),
        fault.first(),
        fault.last(),
        fault.time().map(Object::toString).orElse(null),
        fault.text());
  }
}
