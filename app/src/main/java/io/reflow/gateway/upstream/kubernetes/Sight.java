package io.reflow.gateway.upstream.kubernetes;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.reflow.operator.crd.McpInstance;
import io.reflow.operator.crd.McpInstanceSpec;
import io.reflow.operator.crd.McpInstanceStatus;
import io.reflow.operator.crd.McpInstanceStatus.Phase;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// An instance in the cluster, as it was seen at one moment.
///
/// @param version grows with each change
/// @param current whether the status is about the spec as it stands there
record Sight(
    String name,
    String uid,
    long version,
    long generation,
    McpInstanceSpec spec,
    Phase phase,
    boolean current,
    Optional<String> podName,
    Optional<String> serviceUrl,
    Optional<String> message) {

  static Sight of(McpInstance instance) {
    ObjectMeta metadata = instance.getMetadata();
    @Nullable McpInstanceStatus status = instance.getStatus();
    boolean current =
        status != null && Objects.equals(status.observedGeneration(), metadata.getGeneration());
    return new Sight(
        metadata.getName(),
        metadata.getUid(),
        version(metadata.getResourceVersion()),
        metadata.getGeneration(),
        instance.getSpec(),
        status == null || status.phase() == null ? Phase.PENDING : status.phase(),
        current,
        Optional.ofNullable(status).map(McpInstanceStatus::podName),
        Optional.ofNullable(status).map(McpInstanceStatus::serviceURL),
        Optional.ofNullable(status).map(McpInstanceStatus::message));
  }

  /// Where versions are no numbers, nothing is known to be older.
  private static long version(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException _) {
      return 0;
    }
  }

  /// Whether the server answers, as far as the operator knows.
  boolean ready() {
    return current && phase == Phase.READY;
  }

  /// Whether the operator has given it up, for now or for ever.
  boolean failed() {
    return current && phase == Phase.FAILED;
  }

  /// Whether there is a pod, or will be.
  boolean runs() {
    return !current || phase == Phase.READY || phase == Phase.PENDING;
  }
}
