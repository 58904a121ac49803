package io.reflow.gateway.upstream.kubernetes;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.reflow.gateway.target.Pod;
import io.reflow.operator.crd.McpInstance;
import io.reflow.operator.crd.McpInstanceSpec;
import io.reflow.operator.crd.McpInstanceSpec.Destination;
import io.reflow.operator.crd.McpInstanceSpec.Egress;
import io.reflow.operator.crd.McpInstanceSpec.Network;
import io.reflow.operator.crd.McpInstanceSpec.Resources;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What the gateway lays down in the cluster for an instance; knows no cluster.
final class Desired {

  /// Marks what the gateway has made.
  static final String MANAGED_BY = "app.kubernetes.io/managed-by";

  static final String GATEWAY = "reflow-gateway";

  /// The target, on all that is made for its instances.
  static final String TARGET = "mcp.reflow.io/target";

  private static final String REQUESTS = "requests.";

  private Desired() {}

  static McpInstance instance(
      Wanted wanted, Optional<String> secret, String namespace, Instant usedAt) {
    var instance = new McpInstance();
    instance.setMetadata(
        new ObjectMetaBuilder()
            .withName(wanted.name())
            .withNamespace(namespace)
            .withLabels(labels(wanted))
            .withAnnotations(Map.of(McpInstance.LAST_USED_AT, time(usedAt)))
            .build());
    instance.setSpec(spec(wanted, secret));
    return instance;
  }

  static McpInstanceSpec spec(Wanted wanted, Optional<String> secret) {
    Pod pod = wanted.pod();
    return new McpInstanceSpec(
        pod.image(),
        pod.port(),
        pod.healthPath().orElse(null),
        orNothing(pod.command()),
        orNothing(pod.arguments()),
        null,
        secret.orElse(null),
        resources(pod),
        wanted.subject(),
        wanted.targetName(),
        wanted.target().toString(),
        pod.idleTtl().orElse(null),
        pod.maxLifetime().orElse(null),
        pod.serviceAccount().orElse(null),
        network(pod),
        pod.runtimeClass().orElse(null));
  }

  private static @Nullable List<String> orNothing(List<String> list) {
    return list.isEmpty() ? null : list;
  }

  private static @Nullable Resources resources(Pod pod) {
    Map<String, Quantity> requests = new HashMap<>();
    Map<String, Quantity> limits = new HashMap<>();
    pod.resources()
        .forEach((name, amount) -> {
          if (name.startsWith(REQUESTS)) {
            requests.put(name.substring(REQUESTS.length()), Quantity.parse(amount));
          } else {
            limits.put(name, Quantity.parse(amount));
          }
        });
    return pod.resources().isEmpty()
        ? null
        : new Resources(requests.isEmpty() ? null : requests, limits.isEmpty() ? null : limits);
  }

  private static @Nullable Network network(Pod pod) {
    return switch (pod.egress()) {
      case NONE -> null;
      case ALL -> new Network(Egress.ALL, null);
      case LIST ->
          new Network(Egress.LIST, pod.allowed().stream().map(Desired::destination).toList());
    };
  }

  private static Destination destination(Pod.Destination allowed) {
    return new Destination(allowed.cidr(), allowed.ports().isEmpty() ? null : allowed.ports());
  }

  /// Its contents never change: others have another name.
  static Secret secret(
      Wanted wanted, String name, String namespace, Optional<OwnerReference> owner) {
    Map<String, String> data = new HashMap<>();
    wanted.environment().forEach((key, value) -> data.put(key, encoded(value.reveal())));
    return new SecretBuilder()
        .withMetadata(
            new ObjectMetaBuilder()
                .withName(name)
                .withNamespace(namespace)
                .withLabels(labels(wanted))
                .withOwnerReferences(owner.stream().toList())
                .build())
        .withType("Opaque")
        .withImmutable(true)
        .withData(data)
        .build();
  }

  private static String encoded(String value) {
    return Base64.getEncoder().encodeToString(value.getBytes(StandardCharsets.UTF_8));
  }

  /// With its instance the Secret goes.
  static OwnerReference owner(Sight instance) {
    return new OwnerReferenceBuilder()
        .withApiVersion(McpInstance.GROUP + "/" + McpInstance.VERSION)
        .withKind(McpInstance.KIND)
        .withName(instance.name())
        .withUid(instance.uid())
        .build();
  }

  private static Map<String, String> labels(Wanted wanted) {
    return Map.of(MANAGED_BY, GATEWAY, TARGET, wanted.target().toString());
  }

  static String time(Instant moment) {
    return moment.truncatedTo(ChronoUnit.SECONDS).toString();
  }
}
