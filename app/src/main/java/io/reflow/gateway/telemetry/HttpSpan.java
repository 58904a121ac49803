package io.reflow.gateway.telemetry;

import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/// The trace of one HTTP request. All times in it are counted from its arrival, so that a clock
/// that is set meanwhile makes no span end before it begins.
public final class HttpSpan {

  private final Tracing tracing;
  private final TraceId trace;
  private final Arrival arrival;
  private final Optional<TraceParent> header;
  private final String span = SpanIds.randomSpan();
  private final long arrived = System.nanoTime();
  private final long arrivedAt;
  private final boolean decided;
  private final AtomicBoolean over = new AtomicBoolean();
  private volatile boolean sampled;
  private volatile Optional<TraceParent> told = Optional.empty();

  /// What a request says of its trace.
  ///
  /// @param trusted whether another replica has sent it, which has decided if it is recorded
  public record Arrival(
      Optional<String> traceparent,
      Optional<String> tracestate,
      Optional<String> baggage,
      boolean trusted) {}

  HttpSpan(Tracing tracing, TraceId trace, Arrival arrival, Instant now) {
    this.tracing = tracing;
    this.trace = trace;
    this.arrival = arrival;
    this.header =
        arrival.traceparent().flatMap(text -> TraceParent.parse(text, arrival.tracestate()));
    this.arrivedAt = now.getEpochSecond() * 1_000_000_000 + now.getNano();
    this.decided = tracing.sampled(header, arrival.trusted());
    this.sampled = decided;
  }

  /// The trace of a message that came with the request.
  public Trace message() {
    return new MessageTrace(tracing, this);
  }

  /// What another replica is told that goes on with the request.
  public Propagation onward() {
    return new Propagation(
        TraceParent.text(trace.value(), span, decided),
        header.map(TraceParent::state).orElse(""),
        arrival.baggage().orElse(""));
  }

  /// Whether a message is recorded. What clients decide counts where an admin has said so; what
  /// another replica has decided stays.
  boolean sampledFor(Optional<TraceParent> message) {
    if (header.isEmpty()) {
      told = message;
    }
    boolean follows = tracing.followsClients() && !arrival.trusted();
    boolean recorded = follows ? message.map(TraceParent::sampled).orElse(decided) : decided;
    sampled |= recorded;
    return recorded;
  }

  /// The request is answered, or over without an answer. Only the first word counts.
  ///
  /// @param error what kind of failure it ended with; empty if with none
  public void over(String name, String error, Consumer<SpanFacts> facts) {
    if (over.compareAndSet(false, true) && sampled) {
      Optional<TraceParent> parent = header.or(() -> told);
      tracing.emit(
          SpanKind.SERVER,
          name,
          new SpanIds(traceOf(parent), span, false),
          parent
              .<SpanContext>map(it -> new SpanIds(it.trace().value(), it.span(), true))
              .orElse(SpanContext.getInvalid()),
          arrivedAt,
          time(System.nanoTime()),
          error,
          facts,
          List.of());
    }
  }

  private String traceOf(Optional<TraceParent> parent) {
    return parent.map(TraceParent::trace).orElse(trace).value();
  }

  /// As wall clocks count.
  long time(long nanos) {
    return arrivedAt + (nanos - arrived);
  }

  Optional<TraceParent> header() {
    return header;
  }

  String baggage() {
    return arrival.baggage().orElse("");
  }

  /// The trace of the request, as HTTP told it.
  TraceId trace() {
    return trace;
  }

  String span() {
    return span;
  }
}
