package io.reflow.gateway.mcp;

import io.reflow.gateway.catalog.ListKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Where a message goes. `T` says what is known of each target by now.
sealed interface Way<T> {

  /// The gateway answers itself.
  record Local<T>() implements Way<T> {}

  /// One target answers: the first of these that has what is wanted.
  record One<T>(Wanted wanted, List<T> candidates) implements Way<T> {}

  /// All of these targets together answer with a list.
  record Many<T>(ListKind kind, Optional<String> cursor, List<T> targets) implements Way<T> {}

  /// What a call is for, as the client names it.
  record Wanted(Kind kind, String exposed) {

    enum Kind {
      TOOL,
      PROMPT,
      RESOURCE,
      PROMPT_COMPLETION,
      TEMPLATE_COMPLETION
    }
  }

  /// A step for each target; targets for which it returns nothing are left out.
  @FunctionalInterface
  interface Step<T, R> {
    Optional<R> apply(T target) throws InterruptedException;
  }

  default <R> Way<R> map(Step<T, R> step) throws InterruptedException {
    return switch (this) {
      case Local<T> _ -> new Local<>();
      case One<T>(var wanted, var candidates) -> new One<>(wanted, map(candidates, step));
      case Many<T>(var kind, var cursor, var targets) ->
          new Many<>(kind, cursor, map(targets, step));
    };
  }

  private static <T, R> List<R> map(List<T> targets, Step<T, R> step) throws InterruptedException {
    List<R> result = new ArrayList<>(targets.size());
    for (T target : targets) {
      step.apply(target).ifPresent(result::add);
    }
    return result;
  }
}
