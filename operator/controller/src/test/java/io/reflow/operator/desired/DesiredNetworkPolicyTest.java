package io.reflow.operator.desired;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPeer;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicySpec;
import io.reflow.operator.crd.McpInstanceSpec.Destination;
import io.reflow.operator.crd.McpInstanceSpec.Egress;
import io.reflow.operator.crd.McpInstanceSpec.Network;
import io.reflow.operator.testing.Instances;
import io.reflow.operator.testing.Instances.Draft;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DesiredNetworkPolicyTest {

  @Test
  void onlyTheGatewayComesInAndOnlyAtThePort() {
    NetworkPolicySpec spec = of(new Draft("a"));

    assertThat(spec.getIngress()).hasSize(1);
    NetworkPolicyPeer peer = spec.getIngress().getFirst().getFrom().getFirst();
    // Both in one entry: the gateway's label in another namespace opens nothing.
    assertThat(peer.getNamespaceSelector().getMatchLabels())
        .isEqualTo(Map.of("kubernetes.io/metadata.name", "reflow"));
    assertThat(peer.getPodSelector().getMatchLabels())
        .isEqualTo(Map.of("app.kubernetes.io/name", "reflow-gateway"));
    assertThat(spec.getIngress().getFirst().getPorts())
        .singleElement()
        .matches(port -> port.getPort().getIntVal() == 3001);
  }

  @Test
  void nothingGoesOutUnlessToldSo() {
    assertThat(of(new Draft("a")).getEgress()).isEmpty();
    assertThat(of(new Draft("a")).getPolicyTypes()).containsExactly("Ingress", "Egress");
    assertThat(of(new Draft("a").network(new Network(Egress.NONE, null))).getEgress()).isEmpty();
  }

  @Test
  void aListOpensWhatItNamesAndTheClustersNames() {
    var allow = List.of(new Destination("203.0.113.0/24", List.of(443)));

    NetworkPolicySpec spec = of(new Draft("a").network(new Network(Egress.LIST, allow)));

    assertThat(spec.getEgress()).hasSize(2);
    assertThat(spec.getEgress().getFirst().getPorts()).allMatch(p -> p.getPort().getIntVal() == 53);
    var rule = spec.getEgress().get(1);
    assertThat(rule.getTo().getFirst().getIpBlock().getCidr()).isEqualTo("203.0.113.0/24");
    assertThat(rule.getPorts()).singleElement().matches(port -> port.getPort().getIntVal() == 443);
  }

  @Test
  void allIsTheWorldButNotTheClusterNorTheCloudsMetadata() {
    NetworkPolicySpec spec = of(new Draft("a").network(new Network(Egress.ALL, null)));

    assertThat(spec.getEgress().get(1).getTo().getFirst().getIpBlock().getExcept())
        .containsExactly("10.0.0.0/8", "169.254.0.0/16");
    assertThat(spec.getEgress().get(2).getTo().getFirst().getIpBlock().getExcept())
        .containsExactly("fe80::/10");
  }

  private static NetworkPolicySpec of(Draft draft) {
    var instance = Instances.stored(draft.build(), "2026-01-01T00:00:00Z");
    return DesiredNetworkPolicy.of(instance, TestRules.rules()).getSpec();
  }
}
