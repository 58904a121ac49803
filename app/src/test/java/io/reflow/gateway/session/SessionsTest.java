package io.reflow.gateway.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.config.SessionConfig;
import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.fault.GatewayException.NotFound;
import io.reflow.gateway.fault.GatewayException.Overloaded;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class SessionsTest {

  private static final Session.Client CLIENT = new Session.Client("test", "1");
  private static final Identity ANN = identity("user", Set.of("dev"));
  private static final Identity BOB = identity("user", Set.of("dev"));

  private final AtomicReference<Instant> now =
      new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));
  private final Sessions sessions =
      new Sessions(
          new SessionConfig(Duration.ofMinutes(30), Duration.ofHours(24), 3, 20), now::get);

  @Test
  void isFoundByItsOwnerOnItsPathOnly() {
    Session session = open(ANN, Optional.of("github"));
    String id = session.id().value();

    assertThat(sessions.find(id, ANN, Optional.of("github"))).contains(session);
    assertThat(sessions.find(id, ANN, Optional.empty())).isEmpty();
    assertThat(sessions.find(id, BOB, Optional.of("github"))).isEmpty();
    assertThat(sessions.find("other", ANN, Optional.of("github"))).isEmpty();
  }

  @Test
  void endsWithItsConnectionThoughThatWasGoneBefore() {
    var connections = new SseConnections(sessions, now::get);
    for (boolean late : new boolean[] {false, true}) {
      SseConnection connection = connections.open(ANN, Optional.empty());
      Session session = open(ANN, Optional.empty());
      if (late) {
        connections.close(connection);
        connections.carry(connection, session);
      } else {
        connections.carry(connection, session);
        assertThat(session.over()).isFalse();
        connections.close(connection);
      }

      assertThat(session.over()).isTrue();
      assertThat(sessions.find(session.id().value(), ANN, Optional.empty())).isEmpty();
    }
  }

  @Test
  void endsWhenTheOwnersRoleOrGroupsHaveChanged() {
    String id = open(ANN, Optional.empty()).id().value();
    var promoted = new Identity(ANN.user(), ANN.email(), "admin", ANN.groups());

    assertThat(sessions.find(id, promoted, Optional.empty())).isEmpty();
    assertThat(sessions.find(id, ANN, Optional.empty())).isEmpty();
  }

  @Test
  void endsWhenIdleForTooLong() {
    String id = open(ANN, Optional.empty()).id().value();

    pass(Duration.ofMinutes(31));

    assertThat(sessions.find(id, ANN, Optional.empty())).isEmpty();
  }

  @Test
  void staysWhileItIsUsed() {
    String id = open(ANN, Optional.empty()).id().value();
    for (int i = 0; i < 10; i++) {
      pass(Duration.ofMinutes(20));
      assertThat(sessions.find(id, ANN, Optional.empty())).isPresent();
    }
  }

  @Test
  void makesRoomByEndingTheOneThatIsIdleLongest() {
    Session first = open(ANN, Optional.empty());
    pass(Duration.ofSeconds(1));
    open(ANN, Optional.empty());
    open(ANN, Optional.empty());
    assertThatThrownBy(() -> open(ANN, Optional.empty())).isInstanceOf(Overloaded.class);

    pass(Duration.ofMinutes(2));
    open(ANN, Optional.empty());

    assertThat(sessions.of(ANN.user())).hasSize(3).doesNotContain(first);
  }

  @Test
  void oneUserCanNotKeepEverythingBusy() {
    Session session = open(ANN, Optional.empty());
    InFlight first = session.begin(RawJson.of("0"));
    for (int i = 1; i < Session.MOST_IN_FLIGHT; i++) {
      var _ = session.begin(RawJson.of(Integer.toString(i)));
    }

    Session another = open(ANN, Optional.empty());
    assertThatThrownBy(() -> another.begin(RawJson.of("0"))).isInstanceOf(Overloaded.class);
    open(BOB, Optional.empty()).begin(RawJson.of("0")).close();

    first.close();
    another.begin(RawJson.of("0")).close();
    another.begin(RawJson.of("0")).close();
  }

  @Test
  void interruptsTheRequestThatIsTakenBack() {
    Session session = open(ANN, Optional.empty());
    InFlight request = session.begin(RawJson.of("7"));
    try (request) {
      session.cancel(RawJson.of("\"7\""));
      assertThat(request.cancelled()).isFalse();

      session.cancel(RawJson.of("7"));
      assertThat(request.cancelled()).isTrue();
      assertThat(Thread.currentThread().isInterrupted()).isTrue();
    }
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
    assertThat(session.requestsInFlight()).isZero();
  }

  @Test
  void refusesAnIdThatIsInUse() {
    Session session = open(ANN, Optional.empty());
    try (InFlight request = session.begin(RawJson.of("7"))) {
      assertThatThrownBy(() -> session.begin(RawJson.of("7"))).isInstanceOf(InvalidRequest.class);
      assertThat(request.cancelled()).isFalse();
    }
  }

  @Test
  void takesBackWhatIsUnderWayWhenItEnds() {
    Session session = open(ANN, Optional.empty());
    InFlight request = session.begin(RawJson.of("7"));
    try (request) {
      sessions.end(session);

      assertThat(request.cancelled()).isTrue();
      assertThat(session.over()).isTrue();
    }
    assertThatThrownBy(() -> session.begin(RawJson.of("8"))).isInstanceOf(NotFound.class);
    assertThat(session.requestsInFlight()).isZero();
  }

  private Session open(Identity owner, Optional<String> target) {
    return sessions.open(
        owner, ProtocolVersion.V2025_11_25, CLIENT, ClientCapabilities.NONE, target);
  }

  private void pass(Duration time) {
    now.updateAndGet(at -> at.plus(time));
  }

  private static Identity identity(String role, Set<String> groups) {
    return new Identity(new UserId(UUID.randomUUID()), "a@example.com", role, groups);
  }
}
