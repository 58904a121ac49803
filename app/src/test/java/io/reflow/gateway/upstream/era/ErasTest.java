package io.reflow.gateway.upstream.era;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

final class ErasTest {

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final AtomicReference<Instant> now =
      new AtomicReference<>(Instant.parse("2026-11-23T12:00:00Z"));
  private final LinkedBlockingQueue<Remembered> kept = new LinkedBlockingQueue<>();
  private final Eras eras = new Eras(kept::add, now::get);
  private final Target target =
      UpstreamFixtures.target("web", new Transport.StreamableHttp(URI.create("https://h/mcp")));

  @Test
  void anOlderServerIsAskedAgainAfterADay() {
    eras.learn(target, Era.INITIALIZE);
    assertThat(eras.find(target)).contains(Era.INITIALIZE);

    now.updateAndGet(at -> at.plus(Duration.ofHours(25)));

    assertThat(eras.find(target)).isEmpty();
  }

  @Test
  void aStatelessServerIsBelievedUntilThereIsDoubt() {
    eras.learn(target, Era.STATELESS);
    now.updateAndGet(at -> at.plus(Duration.ofDays(100)));
    assertThat(eras.find(target)).contains(Era.STATELESS);
    assertThat(eras.stateless(target)).isTrue();

    eras.doubt(target);

    assertThat(eras.find(target)).isEmpty();
    assertThat(eras.stateless(target)).isFalse();
  }

  @Test
  void whatWasFoundOutBelongsToTheSettings() throws InterruptedException {
    eras.learn(target, Era.STATELESS);
    Remembered one = kept.poll(10, TimeUnit.SECONDS);
    Target moved =
        new Target(
            target.id(),
            target.name(),
            new Transport.StreamableHttp(URI.create("https://other/mcp")),
            target.isolation(),
            target.auth(),
            0,
            target.title(),
            target.toolPrefix(),
            true,
            2);

    assertThat(eras.find(moved)).isEmpty();
    var next = new Eras(_ -> {}, now::get);
    next.load(List.of(moved), List.of(one));
    assertThat(next.find(moved)).isEmpty();
  }

  @Test
  void aFailedProbeIsNotRemembered() {
    assertThatThrownBy(() ->
            eras.judge(
                target,
                () -> {
                  throw new UpstreamFailed("web", "answered with HTTP 503");
                },
                PATIENCE))
        .isInstanceOf(UpstreamFailed.class);

    assertThat(eras.find(target)).isEmpty();
    assertThat(kept).isEmpty();
  }

  @Test
  void onlyOneAsksAtATime() throws ExecutionException, InterruptedException {
    AtomicInteger probes = new AtomicInteger();
    CountDownLatch answered = new CountDownLatch(1);
    CountDownLatch asked = new CountDownLatch(1);
    Eras.Probe probe =
        () -> {
          int _ = probes.incrementAndGet();
          asked.countDown();
          answered.await();
          return new Verdict.Initialize();
        };
    List<Future<Verdict>> verdicts = new ArrayList<>();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      verdicts.add(threads.submit(() -> eras.judge(target, probe, PATIENCE)));
      asked.await();
      verdicts.add(threads.submit(() -> eras.judge(target, probe, PATIENCE)));
      answered.countDown();
      for (Future<Verdict> verdict : verdicts) {
        assertThat(verdict.get()).isEqualTo(new Verdict.Initialize());
      }
    }

    assertThat(probes.get()).isLessThanOrEqualTo(2);
    assertThat(eras.find(target)).contains(Era.INITIALIZE);
  }

  @Test
  void whoeverWaitsAsksByItselfWhenTheFirstOneFails()
      throws ExecutionException, InterruptedException {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch failed = new CountDownLatch(1);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Verdict> first =
          threads.submit(() ->
              eras.judge(
                  target,
                  () -> {
                    asked.countDown();
                    failed.await();
                    throw new UpstreamFailed("web", "refuses the gateway's credential");
                  },
                  PATIENCE));
      asked.await();
      Future<Verdict> second =
          threads.submit(() -> eras.judge(target, Verdict.Initialize::new, PATIENCE));
      failed.countDown();

      assertThat(second.get()).isEqualTo(new Verdict.Initialize());
      assertThatThrownBy(first::get).hasCauseInstanceOf(UpstreamFailed.class);
    }
  }
}
