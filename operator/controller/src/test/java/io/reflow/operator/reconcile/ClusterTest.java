package io.reflow.operator.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.reflow.operator.crd.McpInstance;
import io.reflow.operator.crd.McpInstanceStatus;
import io.reflow.operator.crd.McpInstanceStatus.Phase;
import io.reflow.operator.desired.DesiredPod;
import io.reflow.operator.desired.TestRules;
import io.reflow.operator.testing.ApiServer;
import io.reflow.operator.testing.Instances;
import io.reflow.operator.testing.Kind;
import java.time.InstantSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// An old view of the cluster must make a change fail, not do harm.
class ClusterTest {

  private static final McpInstanceStatus STATUS =
      new McpInstanceStatus(Phase.READY, null, null, null, null, null, 1L, null, null);

  private final ApiServer api = ApiServer.start(InstantSource.system());
  private final KubernetesClient client =
      new KubernetesClientBuilder().withConfig(api.config("operator")).build();
  private final Cluster cluster = new Cluster(client, Instances.NAMESPACE, _ -> {});
  private final McpInstance instance = client.resource(Instances.of("a")).create();

  @AfterEach
  void close() {
    cluster.close();
    client.close();
    api.close();
  }

  @Test
  void writesNoStatusOverAnother() {
    McpInstance written = cluster.writeStatus(instance, STATUS);

    assertThat(written.getStatus().phase()).isEqualTo(Phase.READY);
    assertThat(written.getSpec()).isEqualTo(instance.getSpec());
    assertThatThrownBy(() -> cluster.writeStatus(instance, STATUS))
        .isInstanceOfSatisfying(
            KubernetesClientException.class, e -> assertThat(e.getCode()).isEqualTo(409));
  }

  @Test
  void removesOnlyWhatItHasSeen() {
    assertThat(cluster.create(DesiredPod.of(instance, TestRules.rules()))).isTrue();
    Pod seen = client.pods().withName(instance.getMetadata().getName()).get();
    api.objects()
        .report(
            Instances.NAMESPACE,
            instance.getMetadata().getName(),
            status -> status.put("phase", "Running"));

    assertThatThrownBy(() -> cluster.remove(seen))
        .isInstanceOfSatisfying(
            KubernetesClientException.class, e -> assertThat(e.getCode()).isEqualTo(409));

    cluster.remove(client.pods().withName(instance.getMetadata().getName()).get());
    assertThat(api.objects().list(Kind.POD))
        .allMatch(pod -> pod.at("/metadata/deletionTimestamp").isString());
  }

  @Test
  void takesNoPodForItsOwnThatHasTheName() {
    assertThat(cluster.create(DesiredPod.of(instance, TestRules.rules()))).isTrue();

    assertThat(cluster.create(DesiredPod.of(instance, TestRules.rules()))).isFalse();
  }

  @Test
  void findsNothingToRemoveThatIsGone() {
    assertThat(cluster.create(DesiredPod.of(instance, TestRules.rules()))).isTrue();
    Pod seen = client.pods().withName(instance.getMetadata().getName()).get();
    var _ = client.pods().withName(instance.getMetadata().getName()).withGracePeriod(0).delete();

    cluster.remove(seen);

    assertThat(api.objects().list(Kind.POD)).isEmpty();
  }
}
