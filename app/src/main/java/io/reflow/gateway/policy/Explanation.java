package io.reflow.gateway.policy;

import java.util.List;

/// A decision, and what each policy had to do with it, in the order in which they were asked, up to
/// the one that decided.
public record Explanation(Decision decision, List<Step> steps) {

  public Explanation {
    steps = List.copyOf(steps);
  }

  /// What one policy had to do with the decision.
  public record Step(Policy policy, Outcome outcome) {}

  /// Why a policy did or did not decide.
  public enum Outcome {
    DECIDED("it matches and decides"),
    DISABLED("it is disabled"),
    OTHER_TARGET("it is for another target"),
    OTHER_KIND("it is for another resource type"),
    OTHER_SUBJECT("its subjects do not include the caller"),
    OTHER_NAME("its pattern does not match the name"),
    BROKEN("its pattern does not compile");

    private final String reason;

    Outcome(String reason) {
      this.reason = reason;
    }

    public String reason() {
      return reason;
    }
  }
}
