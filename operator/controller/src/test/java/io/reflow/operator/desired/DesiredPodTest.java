package io.reflow.operator.desired;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.reflow.operator.crd.McpInstance;
import io.reflow.operator.crd.McpInstanceSpec;
import io.reflow.operator.crd.McpInstanceSpec.Destination;
import io.reflow.operator.crd.McpInstanceSpec.Egress;
import io.reflow.operator.crd.McpInstanceSpec.Network;
import io.reflow.operator.crd.McpInstanceSpec.Resources;
import io.reflow.operator.testing.Instances;
import io.reflow.operator.testing.Instances.Draft;
import io.reflow.operator.testing.KubernetesSchemas;
import io.reflow.operator.testing.PodSecurity;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.ObjectMapper;

class DesiredPodTest {

  private static final PodRules RULES = TestRules.rules();

  static Stream<McpInstanceSpec> specs() {
    return Stream.of(
        Instances.spec("user:1"),
        new Draft("user:2")
            .healthPath("/healthz")
            .command("node", "server.js")
            .args("--price", "$(HOME) costs $5")
            .env("MODE", "$(PATH)")
            .secretRef("x.r1")
            .resources(
                new Resources(
                    Map.of("memory", new Quantity("2Gi")), Map.of("cpu", new Quantity("250m"))))
            .serviceAccount("reader")
            .runtimeClass("gvisor")
            .maxLifetime("0s")
            .network(new Network(Egress.ALL, null))
            .build(),
        new Draft("user:3")
            .network(
                new Network(
                    Egress.LIST,
                    List.of(
                        new Destination("203.0.113.0/24", List.of(443, 8443)),
                        new Destination("2001:db8::/32", null))))
            .build());
  }

  @ParameterizedTest
  @MethodSource("specs")
  void isValidAndRestrictedWhateverIsAskedFor(McpInstanceSpec spec) {
    McpInstance instance = stored(spec);

    Pod pod = DesiredPod.of(instance, RULES);

    assertThat(PodSecurity.violations(new ObjectMapper().readTree(Serialization.asJson(pod))))
        .isEmpty();
    Stream.<HasMetadata>of(
            pod, DesiredService.of(instance), DesiredNetworkPolicy.of(instance, RULES))
        .forEach(made ->
            assertThat(KubernetesSchemas.problem(made.getKind(), Serialization.asJson(made)))
                .isEmpty());
  }

  @Test
  void theChecksThemselvesFindWhatIsWrong() {
    Pod pod = DesiredPod.of(stored(Instances.spec("a")), RULES);
    pod.getSpec().getContainers().getFirst().getSecurityContext().setAllowPrivilegeEscalation(true);
    pod.getSpec().setHostNetwork(true);

    assertThat(PodSecurity.violations(new ObjectMapper().readTree(Serialization.asJson(pod))))
        .containsExactlyInAnyOrder("hostNetwork", "allowPrivilegeEscalation != false");
    assertThat(KubernetesSchemas.problem("Pod", "{\"spec\":{\"container\":[]}}")).isPresent();
  }

  @Test
  void hasNoTokenNoRootAndNothingToWriteButScratch() {
    Pod pod = DesiredPod.of(stored(Instances.spec("a")), RULES);

    Container container = pod.getSpec().getContainers().getFirst();
    assertThat(pod.getSpec().getAutomountServiceAccountToken()).isFalse();
    assertThat(pod.getSpec().getEnableServiceLinks()).isFalse();
    assertThat(container.getSecurityContext().getReadOnlyRootFilesystem()).isTrue();
    assertThat(container.getVolumeMounts())
        .singleElement()
        .matches(m -> m.getMountPath().equals("/tmp"));
    assertThat(container.getResources().getLimits())
        .containsKeys("cpu", "memory", "ephemeral-storage");
    assertThat(pod.getSpec().getActiveDeadlineSeconds()).isEqualTo(24 * 3600 + 600);
  }

  @Test
  void leavesOutADeadlineThatKubernetesWouldNotTake() {
    Pod pod = DesiredPod.of(stored(new Draft("a").maxLifetime("999999h").build()), RULES);

    assertThat(pod.getSpec().getActiveDeadlineSeconds()).isNull();
  }

  @Test
  void takesTextsLiterally() {
    Pod pod =
        DesiredPod.of(
            stored(new Draft("a").args("$(HOME) costs $5").env("MODE", "$(PATH)").build()), RULES);

    Container container = pod.getSpec().getContainers().getFirst();
    assertThat(container.getArgs()).containsExactly("$$(HOME) costs $$5");
    assertThat(container.getEnv()).extracting(EnvVar::getValue).contains("$$(PATH)");
  }

  @Test
  void ownVariablesComeBeforeTheDefaults() {
    Pod pod = DesiredPod.of(stored(new Draft("a").env("HOME", "/data").build()), RULES);

    assertThat(pod.getSpec().getContainers().getFirst().getEnv())
        .singleElement()
        .matches(variable -> variable.getValue().equals("/data"));
  }

  @Test
  void defaultsNeverContradictWhatIsAskedFor() {
    var small = new Resources(null, Map.of("memory", new Quantity("64Mi")));
    var large = new Resources(Map.of("memory", new Quantity("2Gi")), null);

    assertThat(resources(small).getRequests()).containsEntry("memory", new Quantity("64Mi"));
    assertThat(resources(large).getLimits()).containsEntry("memory", new Quantity("2Gi"));
  }

  @Test
  void onlyWhatAPodCantBeToldMakesAnotherRevision() {
    String revision = Revision.of(new Draft("a").build());

    assertThat(Revision.of(new Draft("a").idleTtl("1h").maxLifetime("2h").build()))
        .isEqualTo(revision);
    assertThat(Revision.of(new Draft("a").network(new Network(Egress.ALL, null)).build()))
        .isEqualTo(revision);
    assertThat(Revision.of(new Draft("a").secretRef("x.r2").build())).isNotEqualTo(revision);
    assertThat(Revision.of(new Draft("a").image("ghcr.io/acme/jira:2").build()))
        .isNotEqualTo(revision);
  }

  private static ResourceRequirements resources(Resources asked) {
    return DesiredPod.of(stored(new Draft("a").resources(asked).build()), RULES)
        .getSpec()
        .getContainers()
        .getFirst()
        .getResources();
  }

  private static McpInstance stored(McpInstanceSpec spec) {
    return Instances.stored(spec, "2026-01-01T00:00:00Z");
  }
}
