package io.reflow.gateway.testing;

import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.policy.Decision.Allowed;
import io.reflow.gateway.policy.Effect;
import io.reflow.gateway.policy.Feature;
import io.reflow.gateway.policy.Permit;
import io.reflow.gateway.policy.Policy;
import io.reflow.gateway.policy.Policy.Member;
import io.reflow.gateway.policy.PolicyEngine;
import io.reflow.gateway.policy.Subject;
import io.reflow.gateway.target.TargetId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/// Policies in few words.
public final class Policies {

  private Policies() {}

  /// For everyone, everywhere, every name.
  public static Policy allow(String name, int priority) {
    return policy(name, Effect.ALLOW, priority);
  }

  /// For everyone, everywhere, every name.
  public static Policy deny(String name, int priority) {
    return policy(name, Effect.DENY, priority);
  }

  public static Policy only(Policy policy, TargetId target) {
    return new Policy(
        policy.id(),
        policy.name(),
        policy.description(),
        Optional.of(target),
        policy.kind(),
        policy.pattern(),
        policy.effect(),
        policy.priority(),
        policy.enabled(),
        policy.members(),
        policy.createdAt(),
        policy.updatedAt());
  }

  public static Policy only(Policy policy, Feature.Kind kind, String pattern) {
    return new Policy(
        policy.id(),
        policy.name(),
        policy.description(),
        policy.target(),
        Optional.of(kind),
        Optional.of(pattern),
        policy.effect(),
        policy.priority(),
        policy.enabled(),
        policy.members(),
        policy.createdAt(),
        policy.updatedAt());
  }

  public static Policy only(Policy policy, Subject... subjects) {
    return new Policy(
        policy.id(),
        policy.name(),
        policy.description(),
        policy.target(),
        policy.kind(),
        policy.pattern(),
        policy.effect(),
        policy.priority(),
        policy.enabled(),
        Stream.of(subjects).map(subject -> new Member(UUID.randomUUID(), subject)).toList(),
        policy.createdAt(),
        policy.updatedAt());
  }

  public static Policy disabled(Policy policy) {
    return new Policy(
        policy.id(),
        policy.name(),
        policy.description(),
        policy.target(),
        policy.kind(),
        policy.pattern(),
        policy.effect(),
        policy.priority(),
        false,
        policy.members(),
        policy.createdAt(),
        policy.updatedAt());
  }

  /// An engine that knows these policies and is never too old.
  public static PolicyEngine engine(Policy... policies) {
    var engine = new PolicyEngine(() -> List.of(policies), () -> true);
    engine.reload();
    return engine;
  }

  /// A permit by an engine that allows everything.
  public static Permit permit(Identity caller, TargetId target) {
    if (engine(allow("everything", 0)).visible(caller, target) instanceof Allowed(var permit)) {
      return permit;
    }
    throw new AssertionError("an engine that allows everything denied");
  }

  private static Policy policy(String name, Effect effect, int priority) {
    return new Policy(
        UUID.randomUUID(),
        name,
        "",
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        effect,
        priority,
        true,
        List.of(new Member(UUID.randomUUID(), new Subject.Everyone())),
        Instant.EPOCH,
        Instant.EPOCH);
  }
}
