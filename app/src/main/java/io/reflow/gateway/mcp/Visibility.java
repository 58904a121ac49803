package io.reflow.gateway.mcp;

import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.policy.Decision;
import io.reflow.gateway.policy.PolicyEngine;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.Targets;
import java.util.List;
import java.util.Optional;

/// Which targets there are for a caller: those that are enabled and that some rule opens to them.
final class Visibility {

  private final Targets targets;
  private final PolicyEngine policies;

  Visibility(Targets targets, PolicyEngine policies) {
    this.targets = targets;
    this.policies = policies;
  }

  boolean sees(Identity caller, Target target) {
    return target.enabled() && decide(caller, target) instanceof Decision.Allowed;
  }

  /// What the policies say of the target as a whole.
  Decision decide(Identity caller, Target target) {
    return policies.visible(caller, target.id());
  }

  /// The enabled targets of a path, in their order; the policies are not asked yet.
  List<Target> enabled(Optional<String> only) {
    return only.isEmpty()
        ? targets.enabled()
        : targets.findByName(only.get()).filter(Target::enabled).stream().toList();
  }
}
