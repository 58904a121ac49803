package io.reflow.operator.desired;

import io.fabric8.kubernetes.api.model.Quantity;
import io.reflow.operator.crd.InstanceName;
import io.reflow.operator.crd.McpInstance;
import io.reflow.operator.crd.McpInstanceSpec;
import io.reflow.operator.crd.McpInstanceSpec.Destination;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Whether an instance may run at all. What the schema says is checked here once more: the API
/// server may have an older one.
public final class Admission {

  private final PodRules rules;

  public Admission(PodRules rules) {
    this.rules = rules;
  }

  /// Why an instance may not run.
  public record Refusal(String reason, String message) {}

  /// Empty if the instance may run.
  public Optional<Refusal> refuses(McpInstance instance) {
    try {
      return Optional.ofNullable(check(instance));
    } catch (RuntimeException e) {
      return Optional.of(new Refusal("Unreadable", "The spec can't be read: " + e.getMessage()));
    }
  }

  private @Nullable Refusal check(McpInstance instance) {
    McpInstanceSpec spec = instance.getSpec();
    if (spec == null || spec.image() == null || spec.subjectKey() == null) {
      return new Refusal("Incomplete", "image, subjectKey and targetID are needed");
    }
    String name = instance.getMetadata().getName();
    if (!name.equals(InstanceName.of(spec.targetID(), spec.subjectKey()))) {
      return new Refusal("WrongName", "The name is not the one of this targetID and subjectKey");
    }
    if (spec.secretRef() != null && !spec.secretRef().matches(name + "\\.[a-z0-9]{1,63}")) {
      return new Refusal(
          "ForeignSecret",
          "secretRef must be the instance's own Secret, '"
              + InstanceName.secret(name, "REVISION'"));
    }
    if (!rules.images().allows(spec.image())) {
      return new Refusal(
          "ImageNotAllowed", "No allowed prefix of images matches '" + spec.image() + "'");
    }
    if (!among(rules.serviceAccounts(), spec.serviceAccountName())) {
      return new Refusal(
          "ServiceAccountNotAllowed",
          "The service account '" + spec.serviceAccountName() + "' is not among the allowed ones");
    }
    if (!among(rules.runtimeClasses(), spec.runtimeClassName())) {
      return new Refusal(
          "RuntimeClassNotAllowed",
          "The runtime class '" + spec.runtimeClassName() + "' is not among the allowed ones");
    }
    Lifetimes.of(spec.idleTTL(), rules.idleTtl());
    Lifetimes.of(spec.maxLifetime(), rules.maxLifetime());
    return checkParts(spec);
  }

  private static @Nullable Refusal checkParts(McpInstanceSpec spec) {
    if (spec.port() < 1 || spec.port() > 65535) {
      return new Refusal("WrongPort", "The port must be from 1 to 65535");
    }
    if (spec.resources() != null) {
      Refusal excess = checkResources(spec.resources());
      if (excess != null) {
        return excess;
      }
    }
    if (spec.network() != null && spec.network().allow() != null) {
      for (Destination destination : spec.network().allow()) {
        if (!Cidr.isValid(destination.cidr()) || !portsAreValid(destination.ports())) {
          return new Refusal(
              "WrongDestination",
              "'" + destination.cidr() + "' is no network, or one of its ports no port");
        }
      }
    }
    return null;
  }

  private static @Nullable Refusal checkResources(McpInstanceSpec.Resources resources) {
    Map<String, Quantity> limits = resources.limits() == null ? Map.of() : resources.limits();
    Map<String, Quantity> requests = resources.requests() == null ? Map.of() : resources.requests();
    for (var limit : limits.entrySet()) {
      if (amount(limit.getValue()).signum() <= 0) {
        return new Refusal("WrongResources", "The limit of " + limit.getKey() + " must be above 0");
      }
    }
    for (var request : requests.entrySet()) {
      Quantity limit = limits.get(request.getKey());
      BigDecimal amount = amount(request.getValue());
      if (amount.signum() < 0 || (limit != null && amount.compareTo(amount(limit)) > 0)) {
        return new Refusal(
            "WrongResources", "The request of " + request.getKey() + " exceeds its limit");
      }
    }
    return null;
  }

  private static BigDecimal amount(Quantity quantity) {
    return Quantity.getAmountInBytes(quantity);
  }

  private static boolean portsAreValid(@Nullable List<Integer> ports) {
    return ports == null || ports.stream().allMatch(port -> port >= 1 && port <= 65535);
  }

  private static boolean among(Iterable<String> allowed, @Nullable String name) {
    if (name == null) {
      return true;
    }
    for (String one : allowed) {
      if (one.equals(name)) {
        return true;
      }
    }
    return false;
  }
}
