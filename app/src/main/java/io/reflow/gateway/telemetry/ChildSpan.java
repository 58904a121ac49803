package io.reflow.gateway.telemetry;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One step of what is done for a message, or a call to a target. What it is called is said at its
/// end.
public final class ChildSpan {

  static final ChildSpan NONE = new ChildSpan(null);

  private final @Nullable MessageTrace trace;
  private final long begun;
  private @Nullable String id;

  ChildSpan(@Nullable MessageTrace trace) {
    this.trace = trace;
    this.begun = trace == null ? 0 : System.nanoTime();
  }

  /// What goes along with whatever is called, so that it can go on with the trace from here.
  public Propagation onward() {
    return trace == null ? Propagation.NONE : trace.onward(id());
  }

  /// Ends a step of the gateway's own.
  ///
  /// @param error what kind of failure it ended with; empty if with none
  public void end(String name, String error) {
    end(Kind.STEP, name, error, _ -> {});
  }

  /// Ends it.
  ///
  /// @param facts only asked where the trace is recorded
  public void end(Kind kind, String name, String error, Consumer<SpanFacts> facts) {
    if (trace != null && trace.mayBeRecorded()) {
      trace.ended(new MessageTrace.Step(kind, name, id(), begun, System.nanoTime(), error, facts));
    }
  }

  private String id() {
    String known = id;
    if (known == null) {
      known = SpanIds.randomSpan();
      id = known;
    }
    return known;
  }

  /// Who does what it stands for.
  public enum Kind {
    STEP,
    CALL
  }
}
