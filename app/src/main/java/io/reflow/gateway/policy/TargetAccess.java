package io.reflow.gateway.policy;

import io.reflow.gateway.fault.GatewayException.NotFound;
import io.reflow.gateway.identity.Authentication.Authenticated;
import io.reflow.gateway.identity.TokenScope;
import io.reflow.gateway.policy.Decision.Allowed;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.target.Targets;
import java.util.List;
import java.util.UUID;

/// Which targets a caller of the REST API may know of: admins all, others the enabled ones that a
/// policy opens to them. A hidden target is answered like one that does not exist.
public final class TargetAccess {

  /// No answer repeats more than this of what was asked for.
  private static final int LONGEST_NAMED = 100;

  private final Targets targets;
  private final PolicyEngine policies;

  public TargetAccess(Targets targets, PolicyEngine policies) {
    this.targets = targets;
    this.policies = policies;
  }

  /// Whether the caller acts as an admin: by role, and with a token that is good for it.
  public static boolean admin(Authenticated caller) {
    return caller.identity().admin() && caller.mayUse(TokenScope.ADMIN);
  }

  public List<Target> all(Authenticated caller) {
    return targets.all().stream().filter(target -> shown(caller, target)).toList();
  }

  /// The target of that id.
  ///
  /// @throws NotFound if it does not exist or the caller is not to know of it
  public Target get(Authenticated caller, UUID id) {
    return targets
        .find(new TargetId(id))
        .filter(target -> shown(caller, target))
        .orElseThrow(() -> unknown(id.toString()));
  }

  /// The target of that name, or of that id.
  ///
  /// @throws NotFound if it does not exist or the caller is not to know of it
  public Target get(Authenticated caller, String nameOrId) {
    return targets.all().stream()
        .filter(each -> each.name().equals(nameOrId) || each.id().toString().equals(nameOrId))
        .filter(target -> shown(caller, target))
        .findFirst()
        .orElseThrow(() -> unknown(nameOrId));
  }

  private boolean shown(Authenticated caller, Target target) {
    return admin(caller)
        || (target.enabled()
            && policies.visible(caller.identity(), target.id()) instanceof Allowed);
  }

  private static NotFound unknown(String target) {
    String named = target.length() <= LONGEST_NAMED ? target : target.substring(0, LONGEST_NAMED);
    return new NotFound("there is no target '%s'".formatted(named));
  }
}
