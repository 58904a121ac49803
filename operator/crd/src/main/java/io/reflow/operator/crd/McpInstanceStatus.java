package io.reflow.operator.crd;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the operator has made of an instance. Times are in RFC 3339.
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonIgnoreProperties(ignoreUnknown = true)
public record McpInstanceStatus(
    @Nullable Phase phase,
    @Nullable List<Condition> conditions,
    @JsonPropertyDescription("The pod that there is, ready or not.") @Nullable String podName,
    @JsonPropertyDescription("Where the server is to be called; the same for every pod.")
        @Nullable String serviceURL,
    @JsonPropertyDescription("When the pod was made.") @Nullable String startedAt,
    @JsonPropertyDescription("As the gateway said, but never in the future.")
        @Nullable String lastUsedAt,
    @JsonPropertyDescription("The generation of the spec that all of this is about.")
        @Nullable Long observedGeneration,
    @JsonPropertyDescription("Why it is not ready, for people.") @Nullable String message,
    @JsonPropertyDescription("What went wrong since the pod last ran well.")
        @Nullable Failures failures) {

  /// Where in its life an instance is.
  public enum Phase {
    /// A pod is on its way, or will be after a pause.
    @JsonProperty("Pending")
    PENDING("Pending"),
    /// The server answers at the service's address.
    @JsonProperty("Ready")
    READY("Ready"),
    /// Without a pod since nobody used it; the next use brings it back.
    @JsonProperty("Idle")
    IDLE("Idle"),
    /// Not allowed, or given up after too many failures.
    @JsonProperty("Failed")
    FAILED("Failed");

    private final String wireName;

    Phase(String wireName) {
      this.wireName = wireName;
    }

    public String wireName() {
      return wireName;
    }
  }

  /// As Kubernetes' own conditions are.
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record Condition(
      @Required String type,
      @Required String status,
      @Required String reason,
      @Nullable String message,
      @Required String lastTransitionTime,
      @Nullable Long observedGeneration) {}

  /// Pods that failed one after the other.
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record Failures(
      @JsonPropertyDescription("How many.") int count,
      @JsonPropertyDescription("The last of them, so that it is counted once.") String podUID,
      @JsonPropertyDescription("The generation of the spec that it was made for.") long generation,
      @JsonPropertyDescription("When it was noticed.") String at,
      @JsonPropertyDescription("When the next pod may be made.") String retryAt) {}
}
