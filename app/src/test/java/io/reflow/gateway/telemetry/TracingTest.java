package io.reflow.gateway.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.reflow.gateway.config.ConfigLoader;
import io.reflow.gateway.config.TelemetryConfig;
import io.reflow.gateway.telemetry.HttpSpan.Arrival;
import io.reflow.gateway.telemetry.Losses.Signal;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TracingTest {

  private static final String PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-";

  private final List<SpanData> spans = new CopyOnWriteArrayList<>();
  private final AtomicReference<Instant> now =
      new AtomicReference<>(Instant.parse("2026-11-24T10:00:00Z"));

  @TempDir private Path folder;

  private Tracing tracing(String ratio, boolean followsClients) {
    TelemetryConfig config =
        new ConfigLoader(
                Map.of(
                    "TELEMETRY_ENABLED",
                    "true",
                    "TELEMETRY_SAMPLING_RATIO",
                    ratio,
                    "TELEMETRY_FOLLOW_CLIENTS",
                    Boolean.toString(followsClients)),
                folder)
            .load(List.of())
            .telemetry();
    var outbox =
        new Outbox<>(
            Signal.SPANS,
            new Outbox.Settings(1 << 20, Duration.ofMillis(10), Duration.ofSeconds(1)),
            new Outbox.Sender<SpanData>() {
              @Override
              public CompletableResultCode send(Collection<SpanData> batch) {
                spans.addAll(batch);
                return CompletableResultCode.ofSuccess();
              }

              @Override
              public CompletableResultCode shutdown() {
                return CompletableResultCode.ofSuccess();
              }
            },
            new Losses(System::nanoTime));
    outbox.start();
    InstantSource clock = now::get;
    return new Tracing(config, Resource.empty(), outbox, clock);
  }

  private static HttpSpan arrived(Tracing tracing, String flags, boolean trusted) {
    var arrival =
        new Arrival(Optional.of(PARENT + flags), Optional.empty(), Optional.empty(), trusted);
    return tracing.arrived(TraceId.ofTraceparent(PARENT + flags), arrival);
  }

  private static void answered(HttpSpan http) {
    Trace trace = http.message();
    trace.begin().end("authentication", "");
    trace.understood(Optional.empty(), Optional.empty());
    trace.begin().end("policy", "");
    trace.over("tools/list", "", _ -> {});
    http.over("POST /mcp", "", _ -> {});
  }

  @Test
  void clockThatIsSetBackMakesNoSpanEndBeforeItBegins() {
    try (Tracing tracing = tracing("1", false)) {
      HttpSpan http = arrived(tracing, "01", false);
      now.set(Instant.parse("2026-11-24T09:00:00Z"));
      answered(http);
    }
    assertThat(spans)
        .hasSize(4)
        .allMatch(span -> span.getEndEpochNanos() >= span.getStartEpochNanos());
    SpanData whole = spans.getLast();
    assertThat(whole.getKind()).isEqualTo(SpanKind.SERVER);
    assertThat(spans)
        .allMatch(span ->
            span.getStartEpochNanos() >= whole.getStartEpochNanos()
                && span.getEndEpochNanos() <= whole.getEndEpochNanos());
  }

  @Test
  void recordsAPartOfAllWhateverClientsWant() {
    try (Tracing tracing = tracing("0.1", false)) {
      for (int i = 0; i < 2000; i++) {
        // Always the same trace id, too.
        arrived(tracing, "01", false).over("POST /mcp", "", _ -> {});
      }
    }
    assertThat(spans).hasSizeBetween(100, 320);
  }

  @Test
  void goesOnAsAnotherReplicaHasDecided() {
    try (Tracing tracing = tracing("0.5", false)) {
      for (int i = 0; i < 100; i++) {
        answered(arrived(tracing, "00", true));
      }
      assertThat(spans).isEmpty();
      answered(arrived(tracing, "01", true));
    }
    assertThat(spans).hasSize(4);
  }

  @Test
  void endsEachSpanOnce() {
    try (Tracing tracing = tracing("1", false)) {
      HttpSpan http = arrived(tracing, "01", false);
      http.over("POST /mcp", "", _ -> {});
      http.over("POST /mcp", "client_left", _ -> {});
    }
    assertThat(spans).hasSize(1);
  }

  @Test
  void doesNothingWhileItIsOff() {
    assertThat(Trace.current()).isSameAs(Trace.OFF);
    assertThat(Trace.OFF.begin()).isSameAs(ChildSpan.NONE);
    assertThat(Trace.OFF.begin().onward()).isSameAs(Propagation.NONE);
    assertThat(
            Otlp.of(
                new ConfigLoader(Map.of(), folder).load(List.of()).telemetry(),
                "1",
                "replica",
                InstantSource.system()))
        .isEmpty();
  }
}
