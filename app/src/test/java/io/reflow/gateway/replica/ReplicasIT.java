package io.reflow.gateway.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.testing.TestDatabase;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ReplicasIT {

  /// So long that the heartbeats of the threads do not interfere.
  private static final Duration DEAD_AFTER = Duration.ofHours(1);

  private final AtomicLong nanos = new AtomicLong();
  private final List<Replicas> started = new ArrayList<>();
  private TestDatabase database;
  private ReplicaStore store;

  @BeforeEach
  void open() {
    database = TestDatabase.fresh();
    store = new ReplicaStore(database.database());
  }

  @AfterEach
  void close() throws InterruptedException {
    for (Replicas replicas : started) {
      replicas.close();
    }
    database.close();
  }

  private Replicas start(UUID id) {
    var replicas = new Replicas(id, store, DEAD_AFTER, nanos::get);
    replicas.start();
    started.add(replicas);
    return replicas;
  }

  private void silence(Replicas replicas) {
    database.execute(
        "update replica set heartbeat_at = now() - interval '61 minutes' where epoch = %d"
            .formatted(replicas.epoch()));
  }

  @Test
  void eachStartIsALifeOfItsOwn() throws InterruptedException {
    UUID id = UUID.randomUUID();
    Replicas first = start(id);
    long before = first.epoch();
    first.close();

    assertThat(start(id).epoch()).isGreaterThan(before);
  }

  @Test
  void findsOthersThatLiveAndSaysWhereTheyAre() throws InterruptedException {
    Replicas one = start(UUID.randomUUID());
    Replicas two = start(UUID.randomUUID());
    one.beat();
    assertThat(one.find(two.epoch())).isEmpty();
    URI address = URI.create("http://10.0.0.5:3002");
    two.announce(address);
    one.beat();

    assertThat(one.find(two.epoch()).orElseThrow().address()).contains(address);
    assertThat(one.find(one.epoch())).isEmpty();

    two.close();
    one.beat();
    assertThat(one.find(two.epoch())).isEmpty();
  }

  @Test
  void tellsOfADeath() {
    Replicas one = start(UUID.randomUUID());
    Replicas two = start(UUID.randomUUID());
    List<Replica> dead = new ArrayList<>();
    one.onDeath(dead::add);
    one.beat();

    silence(two);
    one.beat();
    one.beat();

    assertThat(dead).extracting(Replica::epoch).containsExactly(two.epoch());
  }

  @Test
  void judgesOnlyWhenItWasHeardForLongEnoughItself() throws InterruptedException {
    Replicas one = start(UUID.randomUUID());
    assertThat(one.mayJudge()).isFalse();
    nanos.addAndGet(DEAD_AFTER.toNanos());
    assertThat(one.mayJudge()).isTrue();

    database.refuse();
    // A connection that is there may be good for one more beat.
    UpstreamFixtures.await(() -> {
      one.beat();
      return !one.mayJudge();
    });
    database.admit();
    nanos.addAndGet(DEAD_AFTER.toNanos());
    one.beat();

    assertThat(one.mayJudge()).isFalse();
    UpstreamFixtures.await(() -> {
      one.beat();
      nanos.addAndGet(DEAD_AFTER.toNanos() / 2);
      return one.mayJudge();
    });
  }

  @Test
  void noticesThatOthersMayHaveTakenOver() {
    Replicas one = start(UUID.randomUUID());
    nanos.addAndGet(DEAD_AFTER.toNanos());
    var lapses = new AtomicInteger();
    one.onLapse(lapses::incrementAndGet);
    one.beat();
    assertThat(lapses).hasValue(0);

    silence(one);
    one.beat();
    one.beat();

    assertThat(lapses).hasValue(1);
    assertThat(one.mayJudge()).isFalse();
  }

  @Test
  void beginsANewLifeWhenItWasTakenForDead() {
    Replicas one = start(UUID.randomUUID());
    long before = one.epoch();
    var lapses = new AtomicInteger();
    one.onLapse(lapses::incrementAndGet);

    database.execute("delete from replica");
    one.beat();

    assertThat(one.epoch()).isGreaterThan(before);
    assertThat(lapses).hasValue(1);
    one.beat();
    assertThat(lapses).hasValue(1);
  }
}
