package io.reflow.gateway.telemetry;

import java.lang.ScopedValue.CallableOp;
import java.util.Optional;
import java.util.function.Consumer;

/// The trace of one message, as those know it who work on the message. While telemetry is off it is
/// [#OFF], which does nothing.
public sealed interface Trace permits MessageTrace, Trace.Off {

  Trace OFF = new Off();

  /// The trace of the message that this thread works on.
  static Trace current() {
    return MessageTrace.CURRENT.isBound() ? MessageTrace.CURRENT.get() : OFF;
  }

  /// Whether there is anything to be told.
  boolean on();

  /// What the message says of its trace is known now.
  ///
  /// @param parent the span that it belongs to, in place of the one that HTTP told
  /// @param baggage of the message, which counts in place of that of HTTP
  void understood(Optional<TraceParent> parent, Optional<String> baggage);

  /// Begins a span below that of the message.
  ChildSpan begin();

  /// Does something so that [#current()] is this trace meanwhile.
  <T, X extends Throwable> T during(CallableOp<T, X> work) throws X;

  /// The same for another thread.
  Runnable carrying(Runnable work);

  /// The message is answered.
  ///
  /// @param name of its span
  /// @param error what kind of failure it ended with; empty if with none
  /// @param facts only asked where the trace is recorded
  void over(String name, String error, Consumer<SpanFacts> facts);

  /// Whoever goes on with the message elsewhere has the span of it.
  void passedOn();

  /// The span of the message, for what is logged meanwhile.
  String span();

  /// No trace.
  final class Off implements Trace {

    private Off() {}

    @Override
    public boolean on() {
      return false;
    }

    @Override
    public void understood(Optional<TraceParent> parent, Optional<String> baggage) {}

    @Override
    public ChildSpan begin() {
      return ChildSpan.NONE;
    }

    @Override
    public <T, X extends Throwable> T during(CallableOp<T, X> work) throws X {
      return work.call();
    }

    @Override
    public Runnable carrying(Runnable work) {
      return work;
    }

    @Override
    public void over(String name, String error, Consumer<SpanFacts> facts) {}

    @Override
    public void passedOn() {}

    @Override
    public String span() {
      return SpanIds.NO_SPAN;
    }
  }
}
