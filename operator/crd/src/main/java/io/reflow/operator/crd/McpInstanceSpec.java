package io.reflow.operator.crd;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What an instance shall be. Read as it came: the API server has checked it against the schema.
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonIgnoreProperties(ignoreUnknown = true)
@ValidationRule(
    value = "self.targetID == oldSelf.targetID && self.subjectKey == oldSelf.subjectKey",
    message = "targetID and subjectKey can't change: make another instance")
public record McpInstanceSpec(
    @JsonPropertyDescription("The image of the MCP server.")
        @Required
        @Size(min = 1, max = 512)
        @Pattern("^[A-Za-z0-9][A-Za-z0-9._:/@-]*$")
        String image,
    @JsonPropertyDescription("Where the server listens for Streamable HTTP.")
        @Required
        @Min(1)
        @Max(65535)
        int port,
    @JsonPropertyDescription("Answers 2xx when the server is ready; without it an open port is.")
        @Size(max = 256)
        @Pattern("^/[^\\s]*$")
        @Nullable String healthPath,
    @JsonPropertyDescription("In place of the image's entry point; taken literally.")
        @Size(max = 64)
        @Nullable List<String> command,
    @JsonPropertyDescription("In place of the image's arguments; taken literally.") @Size(max = 256)
        @Nullable List<String> args,
    @JsonPropertyDescription("What is no secret; taken literally.") @Size(max = 256)
        @Nullable List<EnvVar> env,
    @JsonPropertyDescription(
            "The Secret whose keys become environment variables: NAME.REVISION. Another revision"
                + " replaces the pod.")
        @Size(max = 128)
        @Pattern("^[a-z0-9-]{1,63}\\.[a-z0-9]{1,63}$")
        @Nullable String secretRef,
    @JsonPropertyDescription("In place of the operator's defaults, one by one.")
        @Nullable Resources resources,
    @JsonPropertyDescription("Who shares the instance.") @Required @Size(min = 1, max = 4096)
        String subjectKey,
    @JsonPropertyDescription("The target's name, for people.")
        @Size(max = 63)
        @Pattern("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")
        @Nullable String targetName,
    @JsonPropertyDescription("The target that the instance serves.")
        @Required
        @Size(min = 1, max = 63)
        @Pattern("^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$")
        String targetID,
    @JsonPropertyDescription(
            "How long an unused instance keeps its pod, as in 1h30m; 0s is for ever.")
        @Size(min = 2, max = 24)
        @Pattern(DURATION)
        @Nullable String idleTTL,
    @JsonPropertyDescription("How old a pod may get, as in 24h; 0s is without end.")
        @Size(min = 2, max = 24)
        @Pattern(DURATION)
        @Nullable String maxLifetime,
    @JsonPropertyDescription("One of those that the operator allows.") @Size(max = 253)
        @Nullable String serviceAccountName,
    @JsonPropertyDescription("Whom the pod may reach; nobody by default.")
        @Nullable Network network,
    @JsonPropertyDescription("One of those that the operator allows, as gvisor.") @Size(max = 253)
        @Nullable String runtimeClassName) {

  private static final String DURATION = "^([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?$";

  /// A variable of the server's environment.
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record EnvVar(
      @Required @Size(min = 1, max = 256) @Pattern("^[A-Za-z_][A-Za-z0-9_]*$") String name,
      @Required @Size(max = 32768) String value) {}

  /// As in a container of a pod.
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record Resources(
      @Nullable Map<String, Quantity> requests, @Nullable Map<String, Quantity> limits) {}

  /// What the pod may reach.
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @JsonIgnoreProperties(ignoreUnknown = true)
  @ValidationRule(
      value = "self.egress == 'list' ? has(self.allow) && size(self.allow) > 0 : !has(self.allow)",
      message = "allow goes with egress: list, and only with it")
  public record Network(
      @Required Egress egress, @Size(max = 64) @Nullable List<Destination> allow) {}

  /// Nobody, what is listed, or the whole internet.
  public enum Egress {
    @JsonProperty("none")
    NONE,
    @JsonProperty("list")
    LIST,
    @JsonProperty("all")
    ALL
  }

  /// A network; all of its TCP ports unless some are listed.
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record Destination(
      @Required @Size(min = 4, max = 64) @Pattern("^[0-9a-fA-F.:]+/[0-9]{1,3}$") String cidr,
      @Size(max = 32) @Nullable List<Integer> ports) {}
}
