package io.reflow.operator.desired;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Quantity;
import io.reflow.operator.crd.InstanceName;
import io.reflow.operator.crd.McpInstance;
import io.reflow.operator.crd.McpInstanceSpec.Destination;
import io.reflow.operator.crd.McpInstanceSpec.Egress;
import io.reflow.operator.crd.McpInstanceSpec.Network;
import io.reflow.operator.crd.McpInstanceSpec.Resources;
import io.reflow.operator.desired.Admission.Refusal;
import io.reflow.operator.testing.Instances;
import io.reflow.operator.testing.Instances.Draft;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AdmissionTest {

  private static final String MINE = InstanceName.of("target-1", "a");
  private static final String YOURS = InstanceName.of("target-1", "b");

  private final Admission admission = new Admission(TestRules.rules());

  @Test
  void letsThroughWhatKeepsTheRules() {
    assertThat(
            admission.refuses(
                Instances.of(
                    new Draft("a")
                        .secretRef(InstanceName.secret(MINE, "r1"))
                        .serviceAccount("reader")
                        .runtimeClass("gvisor")
                        .build())))
        .isEmpty();
  }

  @Test
  void refusesTheSecretOfAnother() {
    assertThat(reason(new Draft("a").secretRef(InstanceName.secret(YOURS, "r1"))))
        .isEqualTo("ForeignSecret");
    assertThat(reason(new Draft("a").secretRef("reflow-gateway"))).isEqualTo("ForeignSecret");
    assertThat(reason(new Draft("a").secretRef(MINE + "-x.r1"))).isEqualTo("ForeignSecret");
    assertThat(reason(new Draft("a").secretRef(MINE))).isEqualTo("ForeignSecret");
  }

  @Test
  void refusesANameThatIsNotTheSubjects() {
    McpInstance instance = Instances.of("a");
    instance.getMetadata().setName(YOURS);

    assertThat(admission.refuses(instance)).map(Refusal::reason).contains("WrongName");
  }

  @Test
  void refusesWhatIsOnNoList() {
    assertThat(reason(new Draft("a").image("node"))).isEqualTo("ImageNotAllowed");
    assertThat(reason(new Draft("a").serviceAccount("admin")))
        .isEqualTo("ServiceAccountNotAllowed");
    assertThat(reason(new Draft("a").runtimeClass("runc"))).isEqualTo("RuntimeClassNotAllowed");
  }

  @Test
  void refusesWhatMakesNoSense() {
    var network = new Network(Egress.LIST, List.of(new Destination("1.2.3.4/33", null)));
    assertThat(reason(new Draft("a").network(network))).isEqualTo("WrongDestination");
    assertThat(
            reason(
                new Draft("a")
                    .resources(
                        new Resources(
                            Map.of("cpu", new Quantity("2")), Map.of("cpu", new Quantity("1"))))))
        .isEqualTo("WrongResources");
    assertThat(
            reason(
                new Draft("a").resources(new Resources(null, Map.of("cpu", new Quantity("much"))))))
        .isEqualTo("Unreadable");
    assertThat(reason(new Draft("a").idleTtl("soon"))).isEqualTo("Unreadable");
  }

  private String reason(Draft draft) {
    return admission.refuses(Instances.of(draft.build())).map(Refusal::reason).orElse("none");
  }
}
