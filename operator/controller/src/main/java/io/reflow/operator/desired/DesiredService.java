package io.reflow.operator.desired;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.reflow.operator.crd.McpInstance;

/// The address of an instance, the same for all pods that it ever has.
public final class DesiredService {

  private DesiredService() {}

  public static Service of(McpInstance instance) {
    int port = instance.getSpec().port();
    return new ServiceBuilder()
        .withMetadata(Labels.metadata(instance))
        .withNewSpec()
        .withType("ClusterIP")
        .withSelector(Labels.selector(instance))
        .addNewPort()
        .withName("mcp")
        .withProtocol("TCP")
        .withPort(port)
        .withTargetPort(new IntOrString(port))
        .endPort()
        .endSpec()
        .build();
  }

  public static String url(McpInstance instance) {
    return "http://%s.%s.svc:%d"
        .formatted(
            instance.getMetadata().getName(),
            instance.getMetadata().getNamespace(),
            instance.getSpec().port());
  }

  /// Whether what there is does what it should, whatever else the cluster has added to it.
  public static boolean matches(Service wanted, Service actual) {
    return actual
            .getMetadata()
            .getLabels()
            .entrySet()
            .containsAll(wanted.getMetadata().getLabels().entrySet())
        && actual
            .getMetadata()
            .getOwnerReferences()
            .containsAll(wanted.getMetadata().getOwnerReferences())
        && wanted.getSpec().getSelector().equals(actual.getSpec().getSelector())
        && wanted.getSpec().getPorts().equals(actual.getSpec().getPorts())
        && wanted.getSpec().getType().equals(actual.getSpec().getType());
  }
}
