package io.reflow.gateway.upstream.era;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.target.TargetStore;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.testing.TestDatabase;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.net.URI;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EraStoreIT {

  private static final Instant THEN = Instant.parse("2026-11-23T12:00:00Z");

  private TestDatabase database;
  private EraStore store;
  private final Target target = web("https://h/mcp");

  private static Target web(String url) {
    return UpstreamFixtures.target("web", new Transport.StreamableHttp(URI.create(url)));
  }

  @BeforeEach
  void start() {
    database = TestDatabase.fresh();
    store = new EraStore(database.database());
    new TargetStore(database.database()).insert(target);
  }

  @AfterEach
  void stop() {
    database.close();
  }

  @Test
  void readsBackTheLastOfWhatItWrote() {
    store.save(remembered(target.id(), Era.INITIALIZE));
    store.save(remembered(target.id(), Era.STATELESS));

    assertThat(store.all()).containsExactly(remembered(target.id(), Era.STATELESS));
  }

  private static Remembered remembered(TargetId id, Era era) {
    return new Remembered(id, "hash", era, "streamable-http", THEN);
  }

  @Test
  void aTargetThatIsGoneLeavesNothing() {
    store.save(remembered(target.id(), Era.STATELESS));
    store.save(remembered(new TargetId(UUID.randomUUID()), Era.STATELESS));
    assertThat(store.all()).hasSize(1);

    assertThat(new TargetStore(database.database()).delete(target.id())).isTrue();

    assertThat(store.all()).isEmpty();
  }

  @Test
  void theNextRunKnowsWhatTheLastOneFoundOut() throws InterruptedException {
    var kept = new Eras(store::save, InstantSource.fixed(THEN));
    kept.learn(target, Era.STATELESS);
    UpstreamFixtures.await(() -> !store.all().isEmpty());

    var next = new Eras(_ -> {}, InstantSource.fixed(THEN));
    next.load(List.of(target), store.all());

    assertThat(next.find(target)).contains(Era.STATELESS);
    assertThat(next.stateless(target)).isTrue();
  }
}
