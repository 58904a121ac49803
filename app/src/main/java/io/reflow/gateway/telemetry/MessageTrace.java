package io.reflow.gateway.telemetry;

import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.sdk.trace.data.LinkData;
import java.lang.ScopedValue.CallableOp;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// The trace of a message that came with an HTTP request. Whether it is recorded is decided once
/// its parent is known; what ended before that waits here.
///
/// Used by the thread that works on the message, and after it has been understood by those that
/// open targets for it.
final class MessageTrace implements Trace {

  static final ScopedValue<Trace> CURRENT = ScopedValue.newInstance();

  private final Tracing tracing;
  private final HttpSpan http;
  private final long begun = System.nanoTime();
  private final String span = SpanIds.randomSpan();
  private final List<Step> early = new ArrayList<>(1);
  private Optional<TraceParent> parent = Optional.empty();
  private String baggage;
  private boolean understood;
  private boolean sampled;
  private boolean passedOn;

  record Step(
      ChildSpan.Kind kind,
      String name,
      String id,
      long begun,
      long ended,
      String error,
      Consumer<SpanFacts> facts) {}

  MessageTrace(Tracing tracing, HttpSpan http) {
    this.tracing = tracing;
    this.http = http;
    this.baggage = http.baggage();
  }

  @Override
  public boolean on() {
    return true;
  }

  @Override
  public void understood(Optional<TraceParent> told, Optional<String> itsBaggage) {
    parent = told;
    baggage = itsBaggage.orElse(baggage);
    sampled = http.sampledFor(told);
    understood = true;
    flush();
  }

  private void flush() {
    early.forEach(this::emit);
    early.clear();
  }

  @Override
  public ChildSpan begin() {
    return new ChildSpan(this);
  }

  /// False once it is known that nobody will see it.
  boolean mayBeRecorded() {
    return !understood || sampled;
  }

  void ended(Step step) {
    if (understood) {
      emit(step);
    } else {
      early.add(step);
    }
  }

  private void emit(Step step) {
    if (sampled) {
      SpanKind kind =
          switch (step.kind()) {
            case STEP -> SpanKind.INTERNAL;
            case CALL -> SpanKind.CLIENT;
          };
      tracing.emit(
          kind,
          step.name(),
          new SpanIds(trace(), step.id(), false),
          new SpanIds(trace(), understood ? span : http.span(), false),
          http.time(step.begun()),
          http.time(step.ended()),
          step.error(),
          step.facts(),
          List.of());
    }
  }

  private String trace() {
    return parent.map(TraceParent::trace).orElse(http.trace()).value();
  }

  Propagation onward(String id) {
    return new Propagation(
        TraceParent.text(trace(), id, sampled),
        parent.or(http::header).map(TraceParent::state).orElse(""),
        tracing.baggage().allowed(baggage));
  }

  @Override
  public <T, X extends Throwable> T during(CallableOp<T, X> work) throws X {
    return ScopedValue.where(CURRENT, this).call(work);
  }

  @Override
  public Runnable carrying(Runnable work) {
    return () -> ScopedValue.where(CURRENT, this).run(work);
  }

  @Override
  public void passedOn() {
    passedOn = true;
  }

  @Override
  public void over(String name, String error, Consumer<SpanFacts> facts) {
    if (!understood) {
      sampled = http.sampledFor(Optional.empty());
      flush();
    } else if (sampled && !passedOn) {
      SpanContext transport = new SpanIds(http.trace().value(), http.span(), false);
      tracing.emit(
          SpanKind.SERVER,
          name,
          new SpanIds(trace(), span, false),
          parent
              .<SpanContext>map(told -> new SpanIds(told.trace().value(), told.span(), true))
              .orElse(transport),
          http.time(begun),
          http.time(System.nanoTime()),
          error,
          facts,
          parent.isPresent() ? List.of(LinkData.create(transport)) : List.of());
    }
  }

  @Override
  public String span() {
    return understood ? span : http.span();
  }
}
