package io.reflow.gateway.instance;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// What an admin is told of an instance.
///
/// @param calls how many calls it is working on
/// @param failures starts in a row that failed or did not last
/// @param reason why it is not running
public record InstanceStatus(
    InstanceKey key,
    State state,
    OptionalLong pid,
    Optional<PodState> pod,
    Duration age,
    Duration idle,
    int calls,
    int failures,
    Optional<String> reason,
    List<String> lastLines) {

  public InstanceStatus {
    lastLines = List.copyOf(lastLines);
  }

  /// Where an instance is in its life.
  public enum State {
    STARTING("starting"),
    RUNNING("running"),
    DRAINING("draining"),
    FAILED("failed"),
    CRASH_LOOP("crash_loop");

    private final String wireName;

    State(String wireName) {
      this.wireName = wireName;
    }

    public String wireName() {
      return wireName;
    }
  }
}
