package io.reflow.operator.desired;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyEgressRule;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyEgressRuleBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPort;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPortBuilder;
import io.reflow.operator.crd.McpInstance;
import io.reflow.operator.crd.McpInstanceSpec.Destination;
import io.reflow.operator.crd.McpInstanceSpec.Egress;
import io.reflow.operator.crd.McpInstanceSpec.Network;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Whom an instance's pod may talk to: the gateway calls it, and it calls nobody unless told.
public final class DesiredNetworkPolicy {

  private static final String NAMESPACE_NAME = "kubernetes.io/metadata.name";

  private static final Network CLOSED = new Network(Egress.NONE, null);

  private DesiredNetworkPolicy() {}

  public static NetworkPolicy of(McpInstance instance, PodRules rules) {
    return new NetworkPolicyBuilder()
        .withMetadata(Labels.metadata(instance))
        .withNewSpec()
        .withNewPodSelector()
        .withMatchLabels(Labels.selector(instance))
        .endPodSelector()
        .withPolicyTypes("Ingress", "Egress")
        .addNewIngress()
        .addNewFrom()
        .withNewNamespaceSelector()
        .withMatchLabels(Map.of(NAMESPACE_NAME, rules.gatewayNamespace()))
        .endNamespaceSelector()
        .withNewPodSelector()
        .withMatchLabels(rules.gatewayLabels())
        .endPodSelector()
        .endFrom()
        .withPorts(port("TCP", instance.getSpec().port()))
        .endIngress()
        .withEgress(egress(instance, rules))
        .endSpec()
        .build();
  }

  /// Whether what there is lets through exactly what it should.
  public static boolean matches(NetworkPolicy wanted, NetworkPolicy actual) {
    return wanted.getSpec().equals(actual.getSpec())
        && actual
            .getMetadata()
            .getLabels()
            .entrySet()
            .containsAll(wanted.getMetadata().getLabels().entrySet())
        && actual
            .getMetadata()
            .getOwnerReferences()
            .containsAll(wanted.getMetadata().getOwnerReferences());
  }

  private static List<NetworkPolicyEgressRule> egress(McpInstance instance, PodRules rules) {
    Network asked = instance.getSpec().network();
    Network network = asked == null ? CLOSED : asked;
    return switch (network.egress()) {
      case NONE -> List.of();
      case LIST -> {
        var open = new ArrayList<NetworkPolicyEgressRule>();
        open.add(names());
        List<Destination> allowed = network.allow() == null ? List.of() : network.allow();
        allowed.forEach(destination -> open.add(to(destination)));
        yield List.copyOf(open);
      }
      case ALL -> List.of(names(), world("0.0.0.0/0", false, rules), world("::/0", true, rules));
    };
  }

  /// The cluster's DNS.
  private static NetworkPolicyEgressRule names() {
    return new NetworkPolicyEgressRuleBuilder()
        .addNewTo()
        .withNewNamespaceSelector()
        .withMatchLabels(Map.of(NAMESPACE_NAME, "kube-system"))
        .endNamespaceSelector()
        .withNewPodSelector()
        .withMatchLabels(Map.of("k8s-app", "kube-dns"))
        .endPodSelector()
        .endTo()
        .withPorts(port("UDP", 53), port("TCP", 53))
        .build();
  }

  private static NetworkPolicyEgressRule to(Destination destination) {
    List<Integer> ports = destination.ports() == null ? List.of() : destination.ports();
    return new NetworkPolicyEgressRuleBuilder()
        .addNewTo()
        .withNewIpBlock()
        .withCidr(destination.cidr())
        .endIpBlock()
        .endTo()
        .withPorts(
            ports.isEmpty()
                ? List.of(new NetworkPolicyPortBuilder().withProtocol("TCP").build())
                : ports.stream().map(number -> port("TCP", number)).toList())
        .build();
  }

  private static NetworkPolicyEgressRule world(String all, boolean v6, PodRules rules) {
    return new NetworkPolicyEgressRuleBuilder()
        .addNewTo()
        .withNewIpBlock()
        .withCidr(all)
        .withExcept(
            rules.closedNetworks().stream().filter(closed -> Cidr.isV6(closed) == v6).toList())
        .endIpBlock()
        .endTo()
        .build();
  }

  private static NetworkPolicyPort port(String protocol, int number) {
    return new NetworkPolicyPortBuilder()
        .withProtocol(protocol)
        .withPort(new IntOrString(number))
        .build();
  }
}
