package io.reflow.gateway.policy;

import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.target.TargetId;

/// Proof that a policy lets `caller` reach something in `target`. Only [PolicyEngine] makes one,
/// and everything behind the policy stage asks for one: a path around the policies does not
/// compile.
public final class Permit {

  private final Identity caller;
  private final TargetId target;
  private final String policy;

  Permit(Identity caller, TargetId target, String policy) {
    this.caller = caller;
    this.target = target;
    this.policy = policy;
  }

  public Identity caller() {
    return caller;
  }

  public TargetId target() {
    return target;
  }

  /// The name of the policy that allowed it, for the audit log.
  public String policy() {
    return policy;
  }
}
