package io.reflow.gateway.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.reflow.gateway.telemetry.Losses.Signal;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class OutboxTest {

  private static final Outbox.Settings SETTINGS =
      new Outbox.Settings(1000, Duration.ofMillis(10), Duration.ofSeconds(30));

  private final AtomicLong nanos = new AtomicLong();
  private final Losses losses = new Losses(nanos::get);
  private final List<String> sent = new CopyOnWriteArrayList<>();
  private final List<Integer> sizes = new CopyOnWriteArrayList<>();
  private final AtomicInteger tries = new AtomicInteger();
  private final Said said = new Said();
  private volatile Supplier<CompletableResultCode> answer = CompletableResultCode::ofSuccess;

  private static final class Said extends AppenderBase<ILoggingEvent> {
    private final List<ILoggingEvent> events = new CopyOnWriteArrayList<>();

    @Override
    protected void append(ILoggingEvent event) {
      events.add(event);
    }

    List<ILoggingEvent> warnings() {
      return events.stream().filter(event -> event.getLevel() == Level.WARN).toList();
    }
  }

  private static Logger logger() {
    return (Logger) LoggerFactory.getLogger(Losses.class);
  }

  @BeforeEach
  void listen() {
    said.start();
    logger().setLevel(Level.INFO);
    logger().addAppender(said);
  }

  @AfterEach
  void leave() {
    logger().detachAppender(said);
    logger().setLevel(null);
  }

  private Outbox<String> outbox() {
    return outbox(SETTINGS);
  }

  private Outbox<String> outbox(Outbox.Settings settings) {
    var outbox =
        new Outbox<>(
            Signal.SPANS,
            settings,
            new Outbox.Sender<String>() {
              @Override
              public CompletableResultCode send(Collection<String> batch) {
                sizes.add(batch.size());
                tries.incrementAndGet();
                CompletableResultCode result = answer.get();
                if (result.isSuccess()) {
                  sent.addAll(batch);
                }
                return result;
              }

              @Override
              public CompletableResultCode shutdown() {
                return CompletableResultCode.ofSuccess();
              }
            },
            losses);
    outbox.start();
    return outbox;
  }

  @Test
  void sendsWhatItIsGivenInOrder() throws InterruptedException {
    List<String> all = new ArrayList<>();
    try (Outbox<String> outbox = outbox()) {
      for (int i = 0; i < 2000; i++) {
        String each = "span " + i;
        all.add(each);
        outbox.offer(each, 0);
      }
      UpstreamFixtures.await(() -> sent.size() == 2000);
    }
    assertThat(sent).isEqualTo(all);
    assertThat(losses.total(Signal.SPANS)).isZero();
  }

  /// An export costs about as much as hundreds of what it carries.
  @Test
  void whatComesWhileABatchIsSentWaitsForCompany() throws InterruptedException {
    int full = 512;
    var first = new CompletableResultCode();
    answer = () -> tries.get() == 1 ? first : ofSuccess();
    var settings = new Outbox.Settings(1000, Duration.ofHours(1), Duration.ofSeconds(30));
    try (Outbox<String> outbox = outbox(settings)) {
      offer(outbox, full);
      UpstreamFixtures.await(() -> tries.get() == 1);
      offer(outbox, 3);
      CompletableResultCode _ = first.succeed();
      offer(outbox, full - 3);
      UpstreamFixtures.await(() -> tries.get() == 2);
      offer(outbox, 1);
    }
    assertThat(sizes).containsExactly(full, full, 1);
  }

  private static void offer(Outbox<String> outbox, int count) {
    for (int i = 0; i < count; i++) {
      outbox.offer("span", 0);
    }
  }

  @Test
  void triesAgainWhatWasRefused() throws InterruptedException {
    answer = () -> tries.get() < 2 ? CompletableResultCode.ofFailure() : ofSuccess();
    try (Outbox<String> outbox = outbox()) {
      outbox.offer("a", 1);
      UpstreamFixtures.await(() -> !sent.isEmpty());
    }
    assertThat(sent).containsExactly("a");
    assertThat(losses.total(Signal.SPANS)).isZero();
  }

  private static CompletableResultCode ofSuccess() {
    return CompletableResultCode.ofSuccess();
  }

  /// The collector never answers: what waits for it stays bounded, and nobody waits for long.
  @Test
  void countsWhatFindsNoRoom() throws InterruptedException {
    answer = CompletableResultCode::new;
    Outbox<String> outbox = outbox();
    outbox.offer("first", 400);
    UpstreamFixtures.await(() -> tries.get() == 1);

    for (int i = 0; i < 100; i++) {
      outbox.offer("more", 300);
    }

    assertThat(losses.total(Signal.SPANS)).isEqualTo(98);
    long begun = System.nanoTime();
    outbox.close();
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(20));
    assertThat(losses.total(Signal.SPANS)).isEqualTo(101);
    outbox.offer("late", 1);
    assertThat(losses.total(Signal.SPANS)).isEqualTo(102);
  }

  @Test
  void warnsOnceAMinute() {
    for (int i = 0; i < 100; i++) {
      losses.lost(Signal.AUDIT, 1);
      losses.failed(Signal.AUDIT, "refused");
    }
    assertThat(said.warnings()).hasSize(1);

    nanos.addAndGet(Duration.ofSeconds(59).toNanos());
    losses.failed(Signal.SPANS, "refused");
    assertThat(said.warnings()).hasSize(1);

    nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    losses.report();
    assertThat(said.warnings()).hasSize(2);
    assertThat(said.warnings().getLast().getKeyValuePairs().toString())
        .contains("lost.audit=\"99\"", "reason=\"refused\"");
  }

  @Test
  void saysWhenAllIsWellAgain() {
    losses.failed(Signal.SPANS, "refused");
    losses.failed(Signal.LOGS, "refused");

    losses.arrived(Signal.LOGS);
    assertThat(said.events).hasSize(1);
    losses.arrived(Signal.SPANS);
    losses.arrived(Signal.SPANS);

    assertThat(said.events.stream().map(ILoggingEvent::getLevel))
        .containsExactly(Level.WARN, Level.INFO);
  }
}
