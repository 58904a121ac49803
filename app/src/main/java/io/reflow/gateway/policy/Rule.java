package io.reflow.gateway.policy;

import com.google.re2j.PatternSyntaxException;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.target.TargetId;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A policy made ready for deciding. A pattern that does not compile makes a deny rule match every
/// name, and an allow rule none: what is broken never opens anything.
record Rule(Policy policy, NameMatcher names, boolean broken) {

  private static final Logger LOG = LoggerFactory.getLogger(Rule.class);

  static Rule of(Policy policy) {
    try {
      NameMatcher names =
          policy.pattern().map(NameMatcher::of).orElseGet(NameMatcher.Anything::new);
      return new Rule(policy, names, false);
    } catch (PatternSyntaxException e) {
      LOG.atError()
          .addKeyValue("policy", policy.name())
          .log(
              "The pattern of a policy does not compile; until it is mended the policy {}: {}",
              policy.effect() == Effect.DENY ? "denies every name" : "allows nothing",
              e.getMessage());
      return new Rule(policy, broken(policy.effect()), true);
    }
  }

  private static NameMatcher broken(Effect effect) {
    return switch (effect) {
      case DENY -> new NameMatcher.Anything();
      case ALLOW -> new NameMatcher.Nothing();
    };
  }

  boolean allows() {
    return policy.effect() == Effect.ALLOW;
  }

  boolean concerns(Identity caller) {
    return policy.members().stream().anyMatch(member -> member.subject().includes(caller));
  }

  boolean concerns(TargetId target) {
    return policy.target().isEmpty() || policy.target().get().equals(target);
  }

  boolean concerns(Feature.Kind kind) {
    return policy.kind().isEmpty() || policy.kind().get() == kind;
  }
}
