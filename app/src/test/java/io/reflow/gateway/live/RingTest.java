package io.reflow.gateway.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.live.Ring.Page;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RingTest {

  private final Ring<Integer> ring = new Ring<>(8);

  @Test
  void isReadInOrderAndOnce() {
    add(1, 2, 3);
    Page<Integer> first = ring.since(0, 2);
    Page<Integer> second = ring.since(first.next(), 2);

    assertThat(first.values()).containsExactly(1, 2);
    assertThat(second.values()).containsExactly(3);
    assertThat(ring.since(second.next(), 2).values()).isEmpty();
    assertThat(first.missed() + second.missed()).isZero();
  }

  @Test
  void saysHowManyWereGone() {
    IntStream.range(0, 20).forEach(ring::add);

    Page<Integer> page = ring.since(5, 100);

    assertThat(page.missed()).isEqualTo(7);
    assertThat(page.values()).containsExactly(12, 13, 14, 15, 16, 17, 18, 19);
    assertThat(page.next()).isEqualTo(20);
  }

  @Test
  void givesTheNewestOnes() {
    assertThat(ring.newest(3).values()).isEmpty();
    IntStream.range(0, 20).forEach(ring::add);

    assertThat(ring.newest(3).values()).containsExactly(17, 18, 19);
    assertThat(ring.newest(100).values()).hasSize(8);
    assertThat(ring.newest(0)).isEqualTo(new Page<>(List.of(), 20, 0));
  }

  @Test
  void keepsFewWhileNobodyReadsOn() {
    var few = new Ring<Integer>(8, 3);
    IntStream.range(0, 6).forEach(few::add);
    Page<Integer> unread = few.since(0, 100);
    try (var _ = few.reader()) {
      IntStream.range(6, 12).forEach(few::add);
    }
    Page<Integer> read = few.since(6, 100);
    few.add(12);

    assertThat(unread.values()).containsExactly(3, 4, 5);
    assertThat(unread.missed()).isEqualTo(3);
    assertThat(read.values()).containsExactly(6, 7, 8, 9, 10, 11);
    assertThat(read.missed()).isZero();
    assertThat(few.newest(3).values()).containsExactly(10, 11, 12);
  }

  @Test
  void isReadBySeveralUntilTheLastHasLeft() {
    var few = new Ring<Integer>(8, 2);
    try (var _ = few.reader()) {
      few.reader().close();
      IntStream.range(0, 6).forEach(few::add);
    }

    assertThat(few.since(0, 100).values()).containsExactly(0, 1, 2, 3, 4, 5);
  }

  @Test
  void losesNothingSilentlyWhileManyAdd() throws InterruptedException {
    int writers = 4;
    int each = 20_000;
    var begin = new CountDownLatch(1);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < writers; i++) {
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                await(begin);
                IntStream.range(0, each).forEach(ring::add);
              }));
    }
    begin.countDown();

    long seen = 0;
    long next = 0;
    while (next < (long) writers * each) {
      Page<Integer> page = ring.since(next, 3);
      seen += page.values().size() + page.missed();
      next = page.next();
    }

    assertThat(seen).isEqualTo((long) writers * each);
    for (Thread thread : threads) {
      thread.join();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private void add(Integer... values) {
    List.of(values).forEach(ring::add);
  }
}
