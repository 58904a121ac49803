package io.reflow.gateway.upstream.kubernetes;

import io.reflow.gateway.instance.InstanceKey.Sharing;
import io.reflow.gateway.target.Isolation;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.target.Transport;
import io.reflow.operator.crd.McpInstanceSpec;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// Who there is to use instances. Whatever is not known for sure counts as use.
final class Tenants {

  private final Function<TargetId, Optional<Target>> targets;
  private final Predicate<TargetId> exists;
  private final Optional<Set<String>> subjects;

  /// @param targets as far as they are known
  /// @param exists whether there is such a target, known or not
  /// @param sharings all that somebody can share an instance as; empty when that is not known
  Tenants(
      Function<TargetId, Optional<Target>> targets,
      Predicate<TargetId> exists,
      Optional<Set<Sharing>> sharings) {
    this.targets = targets;
    this.exists = exists;
    this.subjects =
        sharings.map(all -> all.stream().map(Subjects::key).collect(Collectors.toSet()));
  }

  /// Whether somebody can use the instance: its target is there and shared in this way, and
  /// somebody is who it is shared by.
  boolean canUse(McpInstanceSpec instance) {
    return target(instance)
        .map(id ->
            targets
                .apply(id)
                .map(target -> canUse(instance.subjectKey(), target))
                .orElseGet(() -> exists.test(id)))
        .orElse(true);
  }

  private boolean canUse(String subject, Target target) {
    return target.transport() instanceof Transport.Kubernetes
        && isShared(subject, target)
        && subjects.map(all -> all.contains(subject)).orElse(true);
  }

  /// A stateful target has a user's own instance for whoever has no session.
  private static boolean isShared(String subject, Target target) {
    return Subjects.fits(subject, target.isolation())
        || (target.settings().stateful() && Subjects.fits(subject, Isolation.PER_USER));
  }

  private static Optional<TargetId> target(McpInstanceSpec instance) {
    try {
      return Optional.of(new TargetId(UUID.fromString(instance.targetID())));
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }
}
