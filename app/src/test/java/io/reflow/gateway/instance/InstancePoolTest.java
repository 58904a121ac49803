package io.reflow.gateway.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.reflow.gateway.fault.GatewayException.Overloaded;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.instance.InstanceKey.Sharing;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class InstancePoolTest {

  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Lifetimes LONG =
      new Lifetimes(
          Duration.ofMinutes(10),
          Duration.ofHours(1),
          Duration.ofSeconds(20),
          Duration.ofSeconds(1));

  private final TargetId target = new TargetId(UUID.randomUUID());
  private final AtomicInteger starts = new AtomicInteger();
  private InstancePool<Fake> pool =
      new InstancePool<>("test", new Limits(10, 5, 2), LONG, 10, InstanceEvents.NONE);

  @AfterEach
  void close() {
    pool.close();
  }

  private static final class Fake implements Instance {
    private final int number;
    private final Runnable ending;
    private volatile boolean alive = true;
    private volatile boolean closed;

    Fake(int number) {
      this(number, () -> {});
    }

    Fake(int number, Runnable ending) {
      this.number = number;
      this.ending = ending;
    }

    @Override
    public boolean alive() {
      return alive;
    }

    @Override
    public void close() {
      ending.run();
      alive = false;
      closed = true;
    }
  }

  private interface Start {
    Fake start() throws InterruptedException;
  }

  private static final class FakeStarter implements Starter<Fake> {
    private final Object recipe;
    private final Start start;

    FakeStarter(Object recipe, Start start) {
      this.recipe = recipe;
      this.start = start;
    }

    @Override
    public String target() {
      return "fake";
    }

    @Override
    public Object recipe() {
      return recipe;
    }

    @Override
    public Fake start(LastLines lines) throws InterruptedException {
      return start.start();
    }
  }

  private void use(InstancePool<Fake> other) {
    pool.close();
    pool = other;
  }

  private Starter<Fake> starter(Object recipe) {
    return new FakeStarter(recipe, () -> new Fake(starts.incrementAndGet()));
  }

  /// One whose recipe becomes another.
  private final class ChangingStarter implements Starter<Fake> {
    private final AtomicReference<String> newest;
    private final String recipe;
    private final Start start;

    ChangingStarter(AtomicReference<String> newest, Start start) {
      this.newest = newest;
      this.recipe = newest.get();
      this.start = start;
    }

    @Override
    public String target() {
      return "fake";
    }

    @Override
    public Object recipe() {
      return recipe;
    }

    @Override
    public Starter<Fake> renewed() {
      if (newest.get().isEmpty()) {
        throw new UpstreamFailed("fake", "is gone");
      }
      return new ChangingStarter(newest, start);
    }

    @Override
    public Fake start(LastLines lines) throws InterruptedException {
      return start.start();
    }
  }

  private ChangingStarter changing(AtomicReference<String> newest) {
    return new ChangingStarter(newest, () -> new Fake(starts.incrementAndGet()));
  }

  private Starter<Fake> failing() {
    return new FakeStarter(
        "r",
        () -> {
          throw new UpstreamFailed("fake", "can't, for the time " + starts.incrementAndGet());
        });
  }

  private InstanceKey everyone() {
    return new InstanceKey(target, new Sharing.Everyone());
  }

  private InstanceKey user(int number) {
    return new InstanceKey(target, new Sharing.User(new UserId(new UUID(0, number))));
  }

  private Fake use(InstanceKey key, Starter<Fake> starter) throws InterruptedException {
    try (Lease<Fake> lease = pool.acquire(key, starter, PATIENCE)) {
      return lease.instance();
    }
  }

  @Test
  void manyCallersOfOneKeyCauseOneStart() throws InterruptedException, ExecutionException {
    List<Future<Integer>> numbers = new ArrayList<>();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 100; i++) {
        numbers.add(threads.submit(() -> use(everyone(), starter("r")).number));
      }
    }

    for (Future<Integer> number : numbers) {
      assertThat(number.get()).isEqualTo(1);
    }
  }

  @Test
  void callersOfOtherKeysDoNotShareNorWait() throws InterruptedException {
    CountDownLatch release = new CountDownLatch(1);
    Starter<Fake> slow =
        new FakeStarter(
            "r",
            () -> {
              release.await();
              return new Fake(100);
            });

    assertThatThrownBy(() -> pool.acquire(user(1), slow, Duration.ofMillis(50)))
        .isInstanceOf(UpstreamFailed.class)
        .hasMessage("target 'fake' is still starting");
    assertThat(use(user(2), starter("r")).number).isEqualTo(1);

    release.countDown();
    assertThat(use(user(1), slow).number).isEqualTo(100);
  }

  @Test
  void anotherRecipeReplacesTheInstanceWhenItsCallsAreDone() throws InterruptedException {
    Lease<Fake> running = pool.acquire(everyone(), starter("old"), PATIENCE);

    Fake fresh = use(everyone(), starter("new"));

    assertThat(fresh.number).isEqualTo(2);
    assertThat(running.instance().closed).isFalse();
    assertThat(pool.list(target))
        .extracting(InstanceStatus::state)
        .containsExactlyInAnyOrder(InstanceStatus.State.RUNNING, InstanceStatus.State.DRAINING);

    running.close();
    UpstreamFixtures.await(() -> running.instance().closed);
    assertThat(fresh.closed).isFalse();
  }

  @Test
  void theDeadAreReplaced() throws InterruptedException {
    use(everyone(), starter("r")).alive = false;

    UpstreamFixtures.await(() -> {
      try {
        return use(everyone(), starter("r")).number == 2;
      } catch (UpstreamFailed soon) {
        return soon.reason().contains("ended soon after its start") && starts.get() > 2;
      }
    });
  }

  @Test
  void afterAFailureTheNextStartWaitsAndCallersDoNot() throws InterruptedException {
    assertThat(failure()).endsWith("for the time 1");

    UpstreamFixtures.await(() -> failure().equals(failure()));

    UpstreamFixtures.await(() -> {
      String _ = failure();
      return starts.get() >= 3;
    });
    int times = starts.get();
    assertThat(pool.list(target))
        .singleElement()
        .satisfies(status -> {
          assertThat(status.state()).isEqualTo(InstanceStatus.State.CRASH_LOOP);
          assertThat(status.failures()).isEqualTo(times);
          assertThat(status.reason()).contains("target 'fake' can't, for the time " + times);
        });
  }

  private String failure() {
    return String.valueOf(
        catchThrowableOfType(UpstreamFailed.class, () -> use(everyone(), failing())).getMessage());
  }

  @Test
  void anotherRecipeIsTriedAtOnce() throws InterruptedException {
    assertThatThrownBy(() -> use(everyone(), failing())).isInstanceOf(UpstreamFailed.class);

    assertThat(use(everyone(), starter("mended")).alive()).isTrue();
  }

  @Test
  void whoeverComesWithAnOldRecipeGetsTheInstanceOfTheNew() throws InterruptedException {
    var newest = new AtomicReference<>("old");
    ChangingStarter late = changing(newest);
    newest.set("new");
    Fake fresh = use(everyone(), changing(newest));

    assertThat(use(everyone(), late)).isSameAs(fresh);
    assertThat(starts).hasValue(1);
    assertThat(fresh.closed).isFalse();
  }

  @Test
  void whatIsOutdatedEndsAndNothingElse() throws InterruptedException {
    var newest = new AtomicReference<>("old");
    Fake outdated = use(user(1), changing(newest));
    Fake other = use(user(2), starter("r"));
    Lease<Fake> busy = pool.acquire(user(3), changing(newest), PATIENCE);

    newest.set("new");
    assertThat(pool.retireOutdated(target)).isEqualTo(2);

    UpstreamFixtures.await(() -> outdated.closed);
    assertThat(use(user(2), starter("r"))).isSameAs(other);
    assertThat(use(user(3), changing(newest))).isNotSameAs(busy.instance());
    assertThat(busy.instance().closed).isFalse();
    busy.close();
    UpstreamFixtures.await(() -> busy.instance().closed);
  }

  @Test
  void whoWaitsForAnOutdatedStartGetsTheNewInstance()
      throws InterruptedException, ExecutionException {
    var newest = new AtomicReference<>("old");
    var begun = new CountDownLatch(1);
    Starter<Fake> slow =
        new ChangingStarter(
            newest,
            () -> {
              int number = starts.incrementAndGet();
              if (number == 1) {
                begun.countDown();
                new CountDownLatch(1).await();
              }
              return new Fake(number);
            });
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Integer> number = threads.submit(() -> use(everyone(), slow).number);
      begun.await();

      newest.set("new");
      int _ = pool.retireOutdated(target);

      assertThat(number.get()).isEqualTo(2);
    }
  }

  @Test
  void nothingIsStartedOfWhatIsGone() throws InterruptedException {
    var newest = new AtomicReference<>("old");
    Fake before = use(everyone(), changing(newest));
    ChangingStarter late = changing(newest);

    newest.set("");
    assertThat(pool.retireOutdated(target)).isEqualTo(1);

    UpstreamFixtures.await(() -> before.closed);
    assertThatThrownBy(() -> use(everyone(), late)).hasMessage("target 'fake' is gone");
    assertThat(starts).hasValue(1);
  }

  @Test
  void whoeverBeginsAnewGetsOtherInstancesOfTheirOwn() throws InterruptedException {
    Fake own = use(user(1), starter("r"));
    Fake anothers = use(user(2), starter("r"));
    Fake shared = use(everyone(), starter("r"));

    assertThat(pool.retireUser(new UserId(new UUID(0, 1)))).isEqualTo(1);

    UpstreamFixtures.await(() -> own.closed);
    assertThat(use(user(1), starter("r"))).isNotSameAs(own);
    assertThat(use(user(2), starter("r"))).isSameAs(anothers);
    assertThat(use(everyone(), starter("r"))).isSameAs(shared);
  }

  @Test
  void aSessionThatIsOverStartsNothing() throws InterruptedException {
    var key =
        new InstanceKey(target, everyone().sharing(), Optional.of("s"), ClientCapabilities.NONE);
    var begun = new CountDownLatch(1);
    Starter<Fake> slow =
        new FakeStarter(
            "r",
            () -> {
              starts.incrementAndGet();
              begun.countDown();
              new CountDownLatch(1).await();
              return new Fake(1);
            });
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Fake> waiting = threads.submit(() -> use(key, slow));
      begun.await();

      int _ = pool.retireSession("s");

      assertThatThrownBy(waiting::get).hasMessageContaining("was stopped while it started");
    }
    assertThat(starts).hasValue(1);
    assertThat(pool.list(target)).isEmpty();
  }

  @Test
  void theOldEndWhenTheirCallsDoHoweverLongThoseTake() throws InterruptedException {
    use(
        new InstancePool<>(
            "test",
            new Limits(10, 10, 10),
            new Lifetimes(
                Duration.ofMinutes(10),
                Duration.ofMillis(50),
                Duration.ofSeconds(20),
                Duration.ofSeconds(1)),
            10,
            InstanceEvents.NONE));
    try (Lease<Fake> busy = pool.acquire(everyone(), starter("r"), PATIENCE)) {
      UpstreamFixtures.await(busy::retired);
      assertThat(busy.instance().closed).isFalse();
      assertThat(pool.list(target))
          .extracting(InstanceStatus::state)
          .contains(InstanceStatus.State.DRAINING);
    }
    UpstreamFixtures.await(() -> pool.size() == 0);
  }

  @Test
  void theIdleMakeRoomAndTheBusyDoNot() throws InterruptedException {
    use(new InstancePool<>("test", new Limits(2, 2, 2), LONG, 10, InstanceEvents.NONE));
    Fake idle = use(user(1), starter("r"));
    try (Lease<Fake> _ = pool.acquire(user(2), starter("r"), PATIENCE)) {
      try (Lease<Fake> _ = pool.acquire(user(3), starter("r"), PATIENCE)) {
        assertThat(idle.closed).isTrue();
        assertThatThrownBy(() -> use(user(4), starter("r")))
            .isInstanceOf(Overloaded.class)
            .hasMessageContaining("2 running instances");
      }
      assertThat(use(user(4), starter("r")).alive()).isTrue();
    }
    assertThat(pool.size()).isEqualTo(2);
  }

  @Test
  void aUserHasSoManyInstancesAndNoMore() throws InterruptedException {
    Sharing sharing = user(1).sharing();
    try (Lease<Fake> _ = pool.acquire(user(1), starter("r"), PATIENCE);
        Lease<Fake> _ =
            pool.acquire(
                new InstanceKey(new TargetId(UUID.randomUUID()), sharing),
                starter("r"),
                PATIENCE)) {
      InstanceKey third = new InstanceKey(new TargetId(UUID.randomUUID()), sharing);

      assertThatThrownBy(() -> use(third, starter("r")))
          .isInstanceOf(Overloaded.class)
          .hasMessageContaining("you have 2 running instances");
      assertThat(use(user(2), starter("r")).alive()).isTrue();
    }
  }

  @Test
  void aTargetHasSoManyInstancesAndNoMore() throws InterruptedException {
    use(new InstancePool<>("test", new Limits(10, 2, 10), LONG, 10, InstanceEvents.NONE));
    var elsewhere = new InstanceKey(new TargetId(UUID.randomUUID()), user(3).sharing());
    try (Lease<Fake> _ = pool.acquire(user(1), starter("r"), PATIENCE);
        Lease<Fake> _ = pool.acquire(user(2), starter("r"), PATIENCE)) {
      assertThatThrownBy(() -> use(user(3), starter("r")))
          .isInstanceOf(Overloaded.class)
          .hasMessageContaining("the target has 2 running instances");
      assertThat(use(elsewhere, starter("r")).alive()).isTrue();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// Processes may take seconds to stop.
  @Test
  void whoEndsSlowlyHoldsNobodyUp() throws InterruptedException {
    var mayEnd = new CountDownLatch(1);
    var ends = new CountDownLatch(1);
    Fake slow =
        new Fake(
            starts.incrementAndGet(),
            () -> {
              ends.countDown();
              await(mayEnd);
            });
    Fake _ = use(user(1), new FakeStarter("r", () -> slow));
    try {
      Thread _ = Thread.ofVirtual().start(() -> pool.retire(target));
      ends.await();

      assertThat(use(user(1), starter("r"))).isNotSameAs(slow);
      assertThat(use(user(2), starter("r")).alive()).isTrue();
      assertThat(pool.list(target)).isNotEmpty();
      assertThat(slow.closed).isFalse();
    } finally {
      mayEnd.countDown();
    }
    UpstreamFixtures.await(() -> slow.closed);
  }

  @Test
  void theIdleAndTheOldAreEndedButNeverTheBusy() throws InterruptedException {
    Duration shortTime = Duration.ofMillis(100);
    use(
        new InstancePool<>(
            "test",
            new Limits(10, 10, 10),
            new Lifetimes(shortTime, shortTime, Duration.ofSeconds(20), Duration.ofSeconds(1)),
            10,
            InstanceEvents.NONE));
    Fake idle = use(user(1), starter("r"));
    try (Lease<Fake> busy = pool.acquire(user(2), starter("r"), PATIENCE)) {
      UpstreamFixtures.await(() -> idle.closed);
      UpstreamFixtures.await(() -> use(user(2), starter("r")).number != busy.instance().number);

      assertThat(busy.instance().closed).isFalse();
    }
    UpstreamFixtures.await(() -> pool.size() == 0);
    assertThat(pool.list(target)).isEmpty();
  }

  @Test
  void retiredTargetsStartAnewAndForgetTheirFailures() throws InterruptedException {
    Fake first = use(everyone(), starter("r"));
    assertThatThrownBy(() -> use(user(1), failing())).isInstanceOf(UpstreamFailed.class);

    assertThat(pool.retire(target)).isEqualTo(1);

    UpstreamFixtures.await(() -> first.closed);
    assertThat(use(user(1), starter("r")).alive()).isTrue();
    assertThat(use(everyone(), starter("r")).number).isNotEqualTo(first.number);
  }

  @Test
  void closingEndsAllAndStartsNothingMore() throws InterruptedException {
    Fake one = use(user(1), starter("r"));
    Fake other = use(user(2), starter("r"));

    pool.close();

    assertThat(one.closed && other.closed).isTrue();
    assertThatThrownBy(() -> use(user(1), starter("r"))).hasMessage("the gateway is stopping");
  }
}
