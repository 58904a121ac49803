package io.reflow.gateway.mcp.flight;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.testing.TestDatabase;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StateStoreIT {

  private static final RawJson STATE = RawJson.of("\"st\\u0061te \\u0000 \\/\"");

  private TestDatabase database;
  private UserId ann;
  private UserId bob;

  @BeforeEach
  void start() {
    database = TestDatabase.fresh();
    ann = user("ann@example.com");
    bob = user("bob@example.com");
  }

  @AfterEach
  void stop() {
    database.close();
  }

  private UserId user(String email) {
    UUID id = UUID.randomUUID();
    database.execute(
        "insert into users (id, email, password_hash, role) values ('%s', '%s', '', 'user')"
            .formatted(id, email));
    return new UserId(id);
  }

  private StateStore store(Duration ttl) {
    return new StateStore(database.database(), ttl);
  }

  @Test
  void givesAStateBackToItsUserAsItWas() {
    StateStore store = store(Duration.ofMinutes(1));
    UUID id = store.keep(ann, STATE).orElseThrow();

    assertThat(store.find(id, ann)).contains(STATE);
    assertThat(store.find(id, bob)).isEmpty();
    store.expire();
    assertThat(store.find(id, ann)).isPresent();
  }

  @Test
  void keepsOnlySoManyForAUser() {
    StateStore store = store(Duration.ofMinutes(1));
    for (int i = 0; i < StateStore.MOST_OF_USER; i++) {
      assertThat(store.keep(ann, STATE)).isPresent();
    }

    assertThat(store.keep(ann, STATE)).isEmpty();
    assertThat(store.keep(bob, STATE)).isPresent();
  }

  @Test
  void aRoundIsUsedOnceAtAllReplicas() {
    StateStore store = store(Duration.ofMinutes(1));
    for (int round = 1; round <= StateStore.MOST_OF_USER; round++) {
      assertThat(store.use(ann, "flight", round)).isTrue();
      assertThat(store(Duration.ofMinutes(1)).use(ann, "flight", round)).isFalse();
    }

    assertThat(store.use(ann, "other", 1)).isTrue();
    assertThat(store.keep(ann, STATE)).isPresent();
  }

  @Test
  void forgetsWhatNobodyComesBackFor() {
    StateStore store = store(Duration.ZERO);
    UUID id = store.keep(ann, STATE).orElseThrow();

    assertThat(store.find(id, ann)).isEmpty();
    store.expire();
    assertThat(store(Duration.ofMinutes(1)).find(id, ann)).isEmpty();
  }
}
