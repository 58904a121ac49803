package io.reflow.gateway.api;

import io.reflow.gateway.fault.GatewayException.Conflict;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.Targets;
import java.util.Optional;

/// Names and prefixes that are in use: no target may pass for another.
record TakenNames(Targets targets) {

  void check(Target target) {
    conflict(target)
        .ifPresent(reason -> {
          throw new Conflict(reason);
        });
  }

  Optional<String> conflict(Target target) {
    return targets.all().stream()
        .filter(other -> !other.id().equals(target.id()))
        .flatMap(other -> conflict(target, other).stream())
        .findFirst();
  }

  private static Optional<String> conflict(Target target, Target other) {
    if (target.name().equals(other.name())) {
      return Optional.of("there is a target '%s' already".formatted(target.name()));
    }
    String prefix = target.effectivePrefix();
    if (!prefix.isEmpty()
        && (prefix.equals(other.effectivePrefix()) || prefix.equals(other.name()))) {
      return Optional.of("the prefix '%s' belongs to target '%s'".formatted(prefix, other.name()));
    }
    if (target.name().equals(other.effectivePrefix())) {
      return Optional.of(
          "the name '%s' is the prefix of target '%s'".formatted(target.name(), other.name()));
    }
    return Optional.empty();
  }
}
