package io.reflow.gateway.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.config.GatewayConfig;
import io.reflow.gateway.config.SessionConfig;
import io.reflow.gateway.fault.GatewayException.Overloaded;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.LogLevel;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.SessionStore.Changing;
import io.reflow.gateway.testing.TestDatabase;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class SessionStoreIT {

  private static final Duration DEAD_AFTER = Duration.ofSeconds(15);
  private static final String LIVING = "7";
  private static final String SILENT = "8";
  private static final UserId ANN = new UserId(UUID.randomUUID());
  private static final UserId BOB = new UserId(UUID.randomUUID());

  private static TestDatabase database;
  private static SessionStore store;
  private static Sessions memory;

  @BeforeAll
  static void start() {
    database = TestDatabase.fresh();
    store = new SessionStore(database.database(), GatewayConfig.DEFAULTS.session());
    memory = new Sessions(GatewayConfig.DEFAULTS.session(), InstantSource.system());
    for (UserId user : List.of(ANN, BOB)) {
      database.execute(
          "insert into users (id, email, password_hash, role) values ('%s', '%s@example.com', '', 'user')"
              .formatted(user, user));
    }
    database.execute(
        """
        insert into replica (id, epoch, address, heartbeat_at) values
          ('%s', %s, 'http://living:1', now()), ('%s', %s, null, now() - interval '16 s')
        """
            .formatted(UUID.randomUUID(), LIVING, UUID.randomUUID(), SILENT));
  }

  @AfterAll
  static void stop() {
    database.close();
  }

  private static UserId newUser() {
    UserId user = new UserId(UUID.randomUUID());
    database.execute(
        "insert into users (id, email, password_hash, role) values ('%s', '%s@example.com', '', 'user')"
            .formatted(user, user));
    return user;
  }

  private static String insert(UserId user, Optional<String> target, long owner)
      throws MalformedMessage {
    Session session = open(user, target);
    String digest = SavedSessions.digest(session);
    store.insert(digest, session, owner, Set.of());
    return digest;
  }

  private static Session open(UserId user, Optional<String> target) throws MalformedMessage {
    var capabilities =
        ClientCapabilities.read(
            RawJson.of("{\"roots\":{\"listChanged\":true},\"elicitation\":{\"url\":{}}}"));
    return memory.open(
        new Identity(user, "ann@example.com", "user", Set.of("dev", "ops")),
        ProtocolVersion.V2025_06_18,
        new Session.Client("cli\0ent", "1"),
        capabilities,
        target);
  }

  private static Optional<SessionRecord> claim(String digest, long owner, boolean judge) {
    return store.claim(digest, ANN, Optional.empty(), owner, judge, DEAD_AFTER);
  }

  @Test
  void keepsAllThatASessionNeedsToGoOn() throws MalformedMessage {
    String digest = insert(ANN, Optional.of("github"), 1);
    store.update(digest, new Changing(LogLevel.ERROR, Set.of("file:///a,b")), 1);

    var record =
        store.claim(digest, ANN, Optional.of("github"), 2, false, DEAD_AFTER).orElseThrow();

    assertThat(record.user()).isEqualTo(ANN);
    assertThat(record.role()).isEqualTo("user");
    assertThat(record.groups()).containsExactlyInAnyOrder("dev", "ops");
    assertThat(record.version()).isEqualTo(ProtocolVersion.V2025_06_18);
    assertThat(record.client()).isEqualTo(new Session.Client("client", "1"));
    assertThat(record.capabilities().rootsListChanged()).isTrue();
    assertThat(record.capabilities().elicitationUrl()).isTrue();
    assertThat(record.capabilities().elicitation()).isFalse();
    assertThat(record.target()).contains("github");
    assertThat(record.logLevel()).isEqualTo(LogLevel.ERROR);
    assertThat(record.subscriptions()).containsExactly("file:///a,b");
    assertThat(record.age()).isBetween(Duration.ZERO, Duration.ofMinutes(1));
  }

  @Test
  void givesASessionToOneOwnerOnly() throws MalformedMessage {
    String digest = insert(ANN, Optional.empty(), Long.parseLong(LIVING));
    assertThat(claim(digest, 2, true)).isEmpty();

    assertThat(store.release(Long.parseLong(LIVING))).isPositive();
    assertThat(claim(digest, Long.parseLong(LIVING), false)).isPresent();
    assertThat(claim(digest, 2, true)).isEmpty();
    assertThat(claim(digest, Long.parseLong(LIVING), false)).isPresent();
  }

  @Test
  void judgesSilentOwnersOnlyWhenItMay() throws MalformedMessage {
    String digest = insert(ANN, Optional.empty(), Long.parseLong(SILENT));

    assertThat(claim(digest, 2, false)).isEmpty();
    assertThat(store.owner(digest, ANN, DEAD_AFTER))
        .hasValueSatisfying(owner -> assertThat(owner.alive()).isFalse());
    assertThat(claim(digest, 2, true)).isPresent();
  }

  @Test
  void isForItsUserOnItsPathOnly() throws MalformedMessage {
    String digest = insert(ANN, Optional.empty(), 1);

    assertThat(store.claim(digest, BOB, Optional.empty(), 2, true, DEAD_AFTER)).isEmpty();
    assertThat(store.claim(digest, ANN, Optional.of("github"), 2, true, DEAD_AFTER)).isEmpty();
    assertThat(store.owner(digest, BOB, DEAD_AFTER)).isEmpty();
    assertThat(store.owner(digest, ANN, DEAD_AFTER)).isPresent();
  }

  @Test
  void takesNothingFromAnEarlierOwner() throws MalformedMessage {
    String digest = insert(ANN, Optional.empty(), 1);
    assertThat(claim(digest, 2, false)).isPresent();

    store.update(digest, new Changing(LogLevel.ERROR, Set.of("file:///a,b")), 1);
    store.touch(Map.of(digest, Duration.ofHours(1)), 1);
    store.delete(Set.of(digest), 1);

    assertThat(claim(digest, 2, false))
        .hasValueSatisfying(record -> assertThat(record.logLevel()).isEqualTo(LogLevel.INFO));
    assertThat(store.ownedBy(2)).contains(digest);
    store.delete(Set.of(digest), 2);
    assertThat(claim(digest, 2, false)).isEmpty();
  }

  @Test
  void forgetsWhatWasIdleForTooLong() throws MalformedMessage {
    String idle = insert(ANN, Optional.empty(), 1);
    String used = insert(ANN, Optional.empty(), 1);
    store.touch(Map.of(idle, Duration.ofMinutes(32), used, Duration.ofMinutes(20)), 1);

    assertThat(claim(idle, 2, false)).isEmpty();
    store.expire();

    assertThat(store.owner(idle, ANN, DEAD_AFTER)).isEmpty();
    assertThat(claim(used, 2, false)).isPresent();
  }

  /// Two of one replica and one of another; the user may have three.
  @Test
  void countsTheSessionsOfAllReplicas() throws MalformedMessage {
    UserId user = newUser();
    var config = new SessionConfig(Duration.ofMinutes(30), Duration.ofHours(24), 3, 20);
    var limited = new SessionStore(database.database(), config);
    String first = insert(user, Optional.empty(), 1);
    String second = insert(user, Optional.empty(), 1);
    String third = insert(user, Optional.empty(), Long.parseLong(LIVING));
    Session more = open(user, Optional.empty());

    assertThatThrownBy(() -> limited.insert(SavedSessions.digest(more), more, 2, Set.of(first)))
        .isInstanceOf(Overloaded.class)
        .hasMessageContaining("3 sessions");
    limited.insert(SavedSessions.digest(more), more, 1, Set.of(first));
    store.delete(Set.of(first), 1);
    assertThat(open(limited, user)).isFalse();

    store.touch(Map.of(second, Duration.ofMinutes(4)), 1);
    store.touch(Map.of(third, Duration.ofMinutes(5)), Long.parseLong(LIVING));
    assertThat(open(limited, user)).isTrue();
    assertThat(store.owner(third, user, DEAD_AFTER)).isEmpty();
    assertThat(store.owner(second, user, DEAD_AFTER)).isPresent();

    assertThat(open(limited, user)).isTrue();
    assertThat(open(limited, user)).isFalse();
    assertThat(limited.list(Optional.of(user))).hasSize(3);
  }

  @Test
  void countsWhatIsOpenedAtTheSameTime() throws ExecutionException, InterruptedException {
    UserId user = newUser();
    var config = new SessionConfig(Duration.ofMinutes(30), Duration.ofHours(24), 3, 20);
    var limited = new SessionStore(database.database(), config);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<Boolean>> all = Collections.nCopies(8, () -> open(limited, user));
      int opened = 0;
      for (Future<Boolean> each : threads.invokeAll(all)) {
        opened += each.get() ? 1 : 0;
      }
      assertThat(opened).isEqualTo(3);
    }
  }

  private static boolean open(SessionStore limited, UserId user) {
    try {
      Session session = open(user, Optional.empty());
      limited.insert(SavedSessions.digest(session), session, 2, Set.of());
      return true;
    } catch (Overloaded _) {
      return false;
    } catch (MalformedMessage e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void endsAllOfAUser() throws MalformedMessage {
    String mine = insert(BOB, Optional.empty(), 1);
    String others = insert(ANN, Optional.empty(), 1);
    assertThat(store.list(Optional.of(BOB))).hasSize(1);

    assertThat(store.recycle(BOB)).isEqualTo(1);
    assertThat(store.recycled()).containsEntry(BOB, 1L).doesNotContainKey(ANN);
    assertThat(store.recycle(BOB)).isZero();
    assertThat(store.recycled()).containsEntry(BOB, 2L);

    assertThat(store.list(Optional.of(BOB))).isEmpty();
    assertThat(store.owner(mine, BOB, DEAD_AFTER)).isEmpty();
    assertThat(store.owner(others, ANN, DEAD_AFTER)).isPresent();
    assertThat(store.list(Optional.empty())).extracting(it -> it.digest()).contains(others);
  }

  @Test
  void goesWithItsUser() throws MalformedMessage {
    UserId user = newUser();
    String digest = insert(user, Optional.empty(), 1);

    database.execute("delete from users where id = '%s'".formatted(user));

    assertThat(store.owner(digest, user, DEAD_AFTER)).isEmpty();
  }
}
