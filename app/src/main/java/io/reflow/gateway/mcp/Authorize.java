package io.reflow.gateway.mcp;

import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.mcp.Call.Candidate;
import io.reflow.gateway.mcp.Call.Granted;
import io.reflow.gateway.mcp.Way.Wanted;
import io.reflow.gateway.policy.Decision;
import io.reflow.gateway.policy.Decision.Allowed;
import io.reflow.gateway.policy.Decision.Denied;
import io.reflow.gateway.policy.Feature;
import io.reflow.gateway.policy.PolicyEngine;
import java.util.Optional;

/// Keeps the targets that the caller may see, each with what the policies say of what is wanted
/// there. Where they say no, the target is kept only so that its names stay its own: it will not be
/// called.
final class Authorize implements Stage<Call.Routed, Call.Permitted> {

  private final PolicyEngine policies;

  Authorize(PolicyEngine policies) {
    this.policies = policies;
  }

  @Override
  public Call.Permitted apply(Call.Routed call) throws InterruptedException {
    Identity caller = call.call().caller();
    Way<Granted> way =
        switch (call.way()) {
          case Way.Local<Candidate> _ -> new Way.Local<>();
          case Way.Many<Candidate> many -> many.map(target -> visible(caller, target));
          case Way.One<Candidate> one -> one(call, one);
        };
    return new Call.Permitted(call.call(), way);
  }

  private Way<Granted> one(Call.Routed call, Way.One<Candidate> one) throws InterruptedException {
    Identity caller = call.call().caller();
    Wanted wanted = one.wanted();
    call.trail().wanted(kind(wanted.kind()), wanted.exposed());
    Way<Granted> granted = one.map(candidate -> granted(caller, wanted, candidate));
    boolean any =
        granted instanceof Way.One<Granted>(var _, var candidates)
            && candidates.stream().anyMatch(Authorize::callable);
    if (!any) {
      noteDenial(call, one);
      throw Refusals.unknown(wanted);
    }
    return granted;
  }

  private static boolean callable(Granted granted) {
    return granted.decision() instanceof Allowed;
  }

  private Optional<Granted> granted(Identity caller, Wanted wanted, Candidate candidate) {
    if (candidate.cut()) {
      return visible(caller, candidate);
    }
    return switch (policies.decide(caller, feature(wanted, candidate))) {
      case Allowed allowed -> Optional.of(new Granted(candidate, allowed.permit(), allowed));
      case Denied denied ->
          visible(caller, candidate).map(seen -> new Granted(candidate, seen.permit(), denied));
    };
  }

  private Optional<Granted> visible(Identity caller, Candidate candidate) {
    return switch (policies.visible(caller, candidate.target().id())) {
      case Allowed allowed -> Optional.of(new Granted(candidate, allowed.permit(), allowed));
      case Denied _ -> Optional.empty();
    };
  }

  /// The audit log tells why, the caller only that there is no such thing.
  private void noteDenial(Call.Routed call, Way.One<Candidate> one) {
    for (Candidate candidate : one.candidates()) {
      Decision decision = policies.decide(call.call().caller(), feature(one.wanted(), candidate));
      if (decision instanceof Denied(var policy, var reason)) {
        call.trail().target(candidate.target());
        call.trail().wanted(kind(one.wanted().kind()), candidate.name());
        call.trail().deniedBy(policy, reason);
        return;
      }
    }
  }

  static Feature feature(Wanted wanted, Candidate candidate) {
    return new Feature(candidate.target().id(), kind(wanted.kind()), candidate.name());
  }

  private static Feature.Kind kind(Wanted.Kind kind) {
    return switch (kind) {
      case TOOL -> Feature.Kind.TOOL;
      case PROMPT, PROMPT_COMPLETION -> Feature.Kind.PROMPT;
      case RESOURCE, TEMPLATE_COMPLETION -> Feature.Kind.RESOURCE;
    };
  }
}
