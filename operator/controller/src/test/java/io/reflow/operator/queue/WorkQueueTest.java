package io.reflow.operator.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.operator.testing.MovableClock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WorkQueueTest {

  private final MovableClock clock = new MovableClock();
  private final WorkQueue queue =
      new WorkQueue(clock, new Backoff(Duration.ofHours(1), Duration.ofHours(8)));

  @Test
  void givesEachNameOutOnce() throws InterruptedException {
    queue.add("a");
    queue.add("a");
    queue.add("b");

    assertThat(queue.take()).contains("a");
    assertThat(queue.take()).contains("b");
    assertThat(queue.depth()).isZero();
  }

  @Test
  void givesOutAgainWhatChangedWhileItWasWorkedOn() throws InterruptedException {
    queue.add("a");
    assertThat(queue.take()).contains("a");
    queue.add("a");
    assertThat(queue.depth()).isZero();

    queue.done("a");

    assertThat(queue.take()).contains("a");
    queue.done("a");
    assertThat(queue.depth()).isZero();
  }

  @Test
  void waitsUntilItIsTimeAndNoticesAClockThatWasPutForward() throws InterruptedException {
    var taken = new AtomicReference<>("nothing");
    queue.addAt("late", clock.instant().plus(Duration.ofDays(2)));
    queue.addAt("soon", clock.instant().plus(Duration.ofDays(1)));
    Thread taker = Thread.ofVirtual().start(() -> taken.set(take()));
    queue.add("now");
    taker.join();
    assertThat(taken).hasValue("now");

    clock.forward(Duration.ofDays(1));

    assertThat(queue.take()).contains("soon");
    clock.forward(Duration.ofDays(1));
    assertThat(queue.take()).contains("late");
  }

  @Test
  void waitsLongerAfterEachFailure() throws InterruptedException {
    queue.add("a");
    for (int hours : new int[] {1, 2, 4, 8, 8}) {
      assertThat(queue.take()).contains("a");
      queue.failed("a");
      clock.forward(Duration.ofHours(hours).minusMinutes(1));
      queue.add("other");
      assertThat(queue.take()).contains("other");
      queue.done("other");
      clock.forward(Duration.ofMinutes(1));
    }
    assertThat(queue.take()).contains("a");
    queue.done("a");
  }

  @Test
  void endsForThoseWhoWait() throws InterruptedException {
    var taken = new AtomicReference<>("nothing");
    Thread taker = Thread.ofVirtual().start(() -> taken.set(take()));

    queue.close();

    taker.join();
    assertThat(taken).hasValue("closed");
  }

  private String take() {
    try {
      return queue.take().orElse("closed");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "interrupted";
    }
  }
}
