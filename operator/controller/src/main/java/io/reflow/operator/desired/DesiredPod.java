package io.reflow.operator.desired;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.EnvFromSource;
import io.fabric8.kubernetes.api.model.EnvFromSourceBuilder;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.ProbeBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;
import io.reflow.operator.crd.McpInstance;
import io.reflow.operator.crd.McpInstanceSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The pod of an instance: as the restricted Pod Security Standard wants it, whatever the instance
/// says.
///
/// A pod is never restarted in place: the operator counts what ends, and makes the next one.
public final class DesiredPod {

  /// The spec that a pod was made for; a pod with another is replaced.
  public static final String REVISION = "mcp.reflow.io/revision";

  private static final long USER = 65532;
  private static final String SCRATCH = "/tmp";
  private static final Duration OVERTIME = Duration.ofMinutes(10);

  private DesiredPod() {}

  public static Pod of(McpInstance instance, PodRules rules) {
    McpInstanceSpec spec = instance.getSpec();
    ObjectMeta metadata = Labels.metadata(instance);
    metadata.setAnnotations(Map.of(REVISION, Revision.of(spec)));
    return new PodBuilder()
        .withMetadata(metadata)
        .withNewSpec()
        .withRestartPolicy("Never")
        .withServiceAccountName(spec.serviceAccountName())
        .withAutomountServiceAccountToken(false)
        .withEnableServiceLinks(false)
        .withRuntimeClassName(spec.runtimeClassName())
        .withTerminationGracePeriodSeconds(30L)
        .withActiveDeadlineSeconds(deadline(spec, rules))
        .withNewSecurityContext()
        .withRunAsNonRoot(true)
        .withRunAsUser(USER)
        .withRunAsGroup(USER)
        .withFsGroup(USER)
        .withNewSeccompProfile()
        .withType("RuntimeDefault")
        .endSeccompProfile()
        .endSecurityContext()
        .addNewVolume()
        .withName("tmp")
        .withNewEmptyDir()
        .withSizeLimit(new Quantity("256Mi"))
        .endEmptyDir()
        .endVolume()
        .withContainers(container(spec, rules))
        .endSpec()
        .build();
  }

  private static Container container(McpInstanceSpec spec, PodRules rules) {
    return new ContainerBuilder()
        .withName("mcp")
        .withImage(spec.image())
        .withCommand(literally(spec.command()))
        .withArgs(literally(spec.args()))
        .withEnv(environment(spec))
        .withEnvFrom(secret(spec))
        .addNewPort()
        .withName("mcp")
        .withProtocol("TCP")
        .withContainerPort(spec.port())
        .endPort()
        .withResources(resources(spec, rules))
        .withStartupProbe(probe(spec).withPeriodSeconds(1).withFailureThreshold(600).build())
        .withReadinessProbe(probe(spec).withPeriodSeconds(5).withFailureThreshold(2).build())
        .withLivenessProbe(probe(spec).withPeriodSeconds(10).withFailureThreshold(6).build())
        .withTerminationMessagePolicy("File")
        .withNewSecurityContext()
        .withAllowPrivilegeEscalation(false)
        .withPrivileged(false)
        .withReadOnlyRootFilesystem(true)
        .withRunAsNonRoot(true)
        .withNewCapabilities()
        .withDrop("ALL")
        .endCapabilities()
        .withNewSeccompProfile()
        .withType("RuntimeDefault")
        .endSeccompProfile()
        .endSecurityContext()
        .addNewVolumeMount()
        .withName("tmp")
        .withMountPath(SCRATCH)
        .endVolumeMount()
        .build();
  }

  /// The kubelet ends a pod that is past its lifetime even while no operator runs. Kubernetes takes
  /// no number above that of an `int`.
  private static @Nullable Long deadline(McpInstanceSpec spec, PodRules rules) {
    Optional<Duration> lifetime = Lifetimes.of(spec.maxLifetime(), rules.maxLifetime());
    return lifetime
        .map(whole -> whole.plus(OVERTIME).toSeconds())
        .filter(seconds -> seconds <= Integer.MAX_VALUE)
        .orElse(null);
  }

  private static List<EnvVar> environment(McpInstanceSpec spec) {
    var variables = new ArrayList<EnvVar>();
    // The one place that can be written to.
    variables.add(new EnvVarBuilder().withName("HOME").withValue(SCRATCH).build());
    List<McpInstanceSpec.EnvVar> own = spec.env() == null ? List.of() : spec.env();
    for (var variable : own) {
      variables.removeIf(earlier -> earlier.getName().equals(variable.name()));
      variables.add(
          new EnvVarBuilder()
              .withName(variable.name())
              .withValue(literally(variable.value()))
              .build());
    }
    return variables;
  }

  private static List<EnvFromSource> secret(McpInstanceSpec spec) {
    return spec.secretRef() == null
        ? List.of()
        : List.of(
            new EnvFromSourceBuilder()
                .withNewSecretRef()
                .withName(spec.secretRef())
                .endSecretRef()
                .build());
  }

  private static ProbeBuilder probe(McpInstanceSpec spec) {
    Probe probe = new Probe();
    probe.setTimeoutSeconds(3);
    var builder = new ProbeBuilder(probe);
    var port = new IntOrString(spec.port());
    return spec.healthPath() == null
        ? builder.withNewTcpSocket().withPort(port).endTcpSocket()
        : builder
            .withNewHttpGet()
            .withPath(spec.healthPath())
            .withPort(port)
            .withScheme("HTTP")
            .endHttpGet();
  }

  /// The instance's own, the operator's for what it leaves out; no default request above a limit.
  private static ResourceRequirements resources(McpInstanceSpec spec, PodRules rules) {
    var limits = new HashMap<String, Quantity>();
    var requests = new HashMap<String, Quantity>();
    rules.limits().forEach((name, amount) -> limits.put(name, new Quantity(amount)));
    rules.requests().forEach((name, amount) -> requests.put(name, new Quantity(amount)));
    if (spec.resources() != null) {
      Map<String, Quantity> ownLimits = orNone(spec.resources().limits());
      Map<String, Quantity> ownRequests = orNone(spec.resources().requests());
      limits.putAll(ownLimits);
      requests.putAll(ownRequests);
      ownRequests.forEach((name, own) -> limits.computeIfPresent(name, (_, l) -> larger(l, own)));
    }
    requests.replaceAll((name, amount) -> {
      Quantity limit = limits.get(name);
      return limit == null ? amount : smaller(amount, limit);
    });
    return new ResourceRequirementsBuilder().withLimits(limits).withRequests(requests).build();
  }

  private static Map<String, Quantity> orNone(@Nullable Map<String, Quantity> amounts) {
    return amounts == null ? Map.of() : amounts;
  }

  private static Quantity larger(Quantity a, Quantity b) {
    return compare(a, b) >= 0 ? a : b;
  }

  private static Quantity smaller(Quantity a, Quantity b) {
    return compare(a, b) <= 0 ? a : b;
  }

  private static int compare(Quantity a, Quantity b) {
    return Quantity.getAmountInBytes(a).compareTo(Quantity.getAmountInBytes(b));
  }

  private static @Nullable List<String> literally(@Nullable List<String> texts) {
    return texts == null ? null : texts.stream().map(DesiredPod::literally).toList();
  }

  /// Kubernetes puts variables in place of `$(NAME)`; `$$` is how it is told not to.
  private static String literally(String text) {
    return text.replace("$", "$$");
  }
}
