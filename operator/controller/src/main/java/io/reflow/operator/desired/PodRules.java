package io.reflow.operator.desired;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What the operator's administrator has laid down for all instances.
///
/// @param serviceAccounts those that an instance may name; without a name it has the namespace's
///   default one, and never a token of either
/// @param gatewayNamespace with `gatewayLabels`: the only pods that may call an instance
/// @param closedNetworks what `egress: all` does not open: the cloud's metadata, private networks
public record PodRules(
    ImageRules images,
    Set<String> serviceAccounts,
    Set<String> runtimeClasses,
    Map<String, String> requests,
    Map<String, String> limits,
    String gatewayNamespace,
    Map<String, String> gatewayLabels,
    List<String> closedNetworks,
    Duration idleTtl,
    Duration maxLifetime) {

  public PodRules {
    serviceAccounts = Set.copyOf(serviceAccounts);
    runtimeClasses = Set.copyOf(runtimeClasses);
    requests = Map.copyOf(requests);
    limits = Map.copyOf(limits);
    gatewayLabels = Map.copyOf(gatewayLabels);
    closedNetworks = List.copyOf(closedNetworks);
    if (gatewayLabels.isEmpty()) {
      throw new IllegalArgumentException("Without labels every pod would be taken for the gateway");
    }
  }
}
