package io.reflow.gateway.telemetry;

import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.data.LinkData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.data.StatusData;
import io.reflow.gateway.config.TelemetryConfig;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;

/// Traces requests, if telemetry is on. Clients choose their trace ids, so these have no say in
/// which of them are recorded.
public final class Tracing implements AutoCloseable {

  private static final int LONGEST_NAME = 160;
  private static final StatusData FAILED = StatusData.create(StatusCode.ERROR, "");

  private final double ratio;
  private final boolean followsClients;
  private final Baggage baggage;
  private final Resource resource;
  private final Outbox<SpanData> outbox;
  private final InstantSource clock;

  Tracing(TelemetryConfig config, Resource resource, Outbox<SpanData> outbox, InstantSource clock) {
    this.ratio = config.samplingRatio();
    this.followsClients = config.followClients();
    this.baggage = new Baggage(config.baggage());
    this.resource = resource;
    this.outbox = outbox;
    this.clock = clock;
  }

  /// A request has arrived.
  ///
  /// @param trace the id by which logs and answers know it
  public HttpSpan arrived(TraceId trace, HttpSpan.Arrival arrival) {
    return new HttpSpan(this, trace, arrival, clock.instant());
  }

  boolean followsClients() {
    return followsClients;
  }

  /// @param trusted whether the parent has been decided on by another replica
  boolean sampled(Optional<TraceParent> parent, boolean trusted) {
    boolean decided = parent.isPresent() && (trusted || followsClients);
    return decided ? parent.get().sampled() : ThreadLocalRandom.current().nextDouble() < ratio;
  }

  Baggage baggage() {
    return baggage;
  }

  void emit(
      SpanKind kind,
      String name,
      SpanContext context,
      SpanContext parent,
      long start,
      long end,
      String error,
      Consumer<SpanFacts> facts,
      List<LinkData> links) {
    var gathered = new SpanFacts();
    facts.accept(gathered);
    gathered.text("error.type", error);
    var span =
        new FinishedSpan(
            SafeText.of(name, LONGEST_NAME),
            kind,
            context,
            parent,
            error.isEmpty() ? StatusData.unset() : FAILED,
            start,
            end,
            gathered.attributes(),
            links,
            resource);
    outbox.offer(span, span.weight());
  }

  /// Sends what there is.
  @Override
  public void close() {
    outbox.close();
  }
}
