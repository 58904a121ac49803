package io.reflow.gateway.live;

import java.time.Instant;
import java.util.List;

/// What there is to see of this replica at a moment.
///
/// @param sessions the latest used last; `metrics` says how many there are
/// @param activity the newest answered calls, in order of time
/// @param errors the newest that were denied or have failed
public record SnapshotJson(
    String type,
    Instant time,
    String replica,
    MetricsJson metrics,
    List<SessionJson> sessions,
    List<CallJson> activity,
    List<CallJson> errors) {

  public SnapshotJson {
    sessions = List.copyOf(sessions);
    activity = List.copyOf(activity);
    errors = List.copyOf(errors);
  }
}
