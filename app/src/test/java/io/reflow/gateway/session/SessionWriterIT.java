package io.reflow.gateway.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.config.GatewayConfig;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.replica.ReplicaStore;
import io.reflow.gateway.replica.Replicas;
import io.reflow.gateway.testing.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SessionWriterIT {

  private static final Duration DEAD_AFTER = Duration.ofSeconds(15);

  private final AtomicReference<Instant> now = new AtomicReference<>(Instant.now());
  private final Identity ann =
      new Identity(new UserId(UUID.randomUUID()), "ann@example.com", "user", Set.of());

  private TestDatabase database;
  private SessionStore store;
  private Sessions sessions;
  private SessionWriter writer;

  @BeforeEach
  void start() {
    database = TestDatabase.fresh();
    database.execute(
        "insert into users (id, email, password_hash, role) values ('%s', '%s', '', 'user')"
            .formatted(ann.user(), ann.email()));
    store = new SessionStore(database.database(), GatewayConfig.DEFAULTS.session());
    var replicas =
        new Replicas(UUID.randomUUID(), new ReplicaStore(database.database()), DEAD_AFTER);
    var saved = new SavedSessions(List.of(new byte[32]), store, replicas);
    sessions = new Sessions(GatewayConfig.DEFAULTS.session(), now::get, saved);
    writer = new SessionWriter(sessions, saved, store, replicas, now::get);
  }

  @AfterEach
  void stop() {
    database.close();
  }

  private String open() {
    return sessions
        .open(
            ann,
            ProtocolVersion.V2025_06_18,
            new Session.Client("client", "1"),
            ClientCapabilities.NONE,
            Optional.empty())
        .id()
        .value();
  }

  private boolean recorded(String id) {
    return store.owner(SessionIds.digest(id), ann.user(), DEAD_AFTER).isPresent();
  }

  /// It is to be there after a restart, however long ago it was opened.
  @Test
  void theRecordLastsAsLongAsTheSessionIsUsed() {
    String used = open();
    String idle = open();
    database.execute("update mcp_session set last_seen = now() - interval '10 hours'");
    now.updateAndGet(instant -> instant.plus(SessionWriter.TOUCH_EVERY));
    assertThat(sessions.find(used, ann, Optional.empty())).isPresent();

    writer.write(false);
    store.expire();

    assertThat(recorded(used)).isTrue();
    assertThat(recorded(idle)).isFalse();
  }
}
