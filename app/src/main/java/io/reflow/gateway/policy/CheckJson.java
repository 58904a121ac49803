package io.reflow.gateway.policy;

import io.reflow.gateway.policy.Decision.Allowed;
import io.reflow.gateway.policy.Decision.Denied;
import io.reflow.gateway.policy.Explanation.Outcome;
import io.reflow.gateway.policy.Explanation.Step;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Whether a caller may reach something, and why.
public record CheckJson(
    boolean allowed, @Nullable String matchedPolicy, String reason, List<EvaluatedJson> evaluated) {

  /// The question.
  public record RequestJson(
      @Nullable String target,
      @Nullable String resourceType,
      @Nullable String resourceName,
      @Nullable String userId) {}

  /// What one policy had to do with it.
  public record EvaluatedJson(
      String id, String name, String effect, int priority, boolean decided, String reason) {

    static EvaluatedJson of(Step step) {
      Policy policy = step.policy();
      return new EvaluatedJson(
          policy.id().toString(),
          policy.name(),
          policy.effect().wireName(),
          policy.priority(),
          step.outcome() == Outcome.DECIDED,
          step.outcome().reason());
    }
  }

  /// @param all with the policies that do not concern the caller
  static CheckJson of(Explanation explanation, boolean all) {
    List<EvaluatedJson> evaluated =
        explanation.steps().stream()
            .filter(step -> all || step.outcome() == Outcome.DECIDED)
            .map(EvaluatedJson::of)
            .toList();
    return switch (explanation.decision()) {
      case Allowed(var permit) ->
          new CheckJson(
              true,
              permit.policy(),
              "allowed by policy '%s'".formatted(permit.policy()),
              evaluated);
      case Denied(var policy, var reason) ->
          new CheckJson(false, policy.isEmpty() ? null : policy, reason, evaluated);
    };
  }
}
