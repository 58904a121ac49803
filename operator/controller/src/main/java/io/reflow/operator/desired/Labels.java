package io.reflow.operator.desired;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.reflow.operator.crd.McpInstance;
import java.util.Map;
import java.util.Optional;

/// How the operator marks what it makes, and knows it again.
public final class Labels {

  /// On all that is made for an instance: its name.
  public static final String INSTANCE = "mcp.reflow.io/instance";

  public static final String MANAGED_BY = "app.kubernetes.io/managed-by";
  public static final String OPERATOR = "reflow-operator";

  private Labels() {}

  /// The labels of all that is made for the instance.
  public static Map<String, String> of(McpInstance instance) {
    return Map.of(MANAGED_BY, OPERATOR, INSTANCE, instance.getMetadata().getName());
  }

  /// What finds the instance's pod.
  public static Map<String, String> selector(McpInstance instance) {
    return Map.of(INSTANCE, instance.getMetadata().getName());
  }

  /// Which instance a thing was made for.
  public static Optional<String> instanceOf(HasMetadata thing) {
    Map<String, String> labels = thing.getMetadata().getLabels();
    return labels == null ? Optional.empty() : Optional.ofNullable(labels.get(INSTANCE));
  }

  /// Whether it was made for just this instance, and not for an earlier one of the same name.
  public static boolean owns(McpInstance instance, HasMetadata thing) {
    String uid = instance.getMetadata().getUid();
    return thing.getMetadata().getOwnerReferences().stream()
        .anyMatch(owner -> uid.equals(owner.getUid()));
  }

  static ObjectMeta metadata(McpInstance instance) {
    return new ObjectMetaBuilder()
        .withName(instance.getMetadata().getName())
        .withNamespace(instance.getMetadata().getNamespace())
        .withLabels(of(instance))
        .withOwnerReferences(
            new OwnerReferenceBuilder()
                .withApiVersion(McpInstance.GROUP + "/" + McpInstance.VERSION)
                .withKind(McpInstance.KIND)
                .withName(instance.getMetadata().getName())
                .withUid(instance.getMetadata().getUid())
                .withController(true)
                .withBlockOwnerDeletion(true)
                .build())
        .build();
  }
}
