package io.reflow.operator.reconcile;

import io.reflow.operator.crd.McpInstanceStatus.Failures;
import io.reflow.operator.crd.McpInstanceStatus.Phase;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What is to be done about an instance's pod, and what its status will say.
///
/// @param message why it is not ready, for people; null when it is
/// @param again when to look again even if nothing happens
record Verdict(
    Step step,
    Phase phase,
    String reason,
    @Nullable String message,
    @Nullable Failures failures,
    Optional<Instant> again) {

  enum Step {
    NONE,
    MAKE_POD,
    REMOVE_POD
  }

  static Verdict of(Step step, Phase phase, String reason, @Nullable String message) {
    return new Verdict(step, phase, reason, message, null, Optional.empty());
  }

  Verdict with(@Nullable Failures known) {
    return new Verdict(step, phase, reason, message, known, again);
  }

  Verdict lookAgain(Optional<Instant> when) {
    return new Verdict(step, phase, reason, message, failures, earlier(again, when));
  }

  Verdict lookAgain(Instant when) {
    return lookAgain(Optional.of(when));
  }

  private static Optional<Instant> earlier(Optional<Instant> a, Optional<Instant> b) {
    if (a.isEmpty() || b.isEmpty()) {
      return a.or(() -> b);
    }
    return a.get().isBefore(b.get()) ? a : b;
  }
}
