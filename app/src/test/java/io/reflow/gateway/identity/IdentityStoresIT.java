package io.reflow.gateway.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.database.PostgresChanges;
import io.reflow.gateway.fault.GatewayException.Conflict;
import io.reflow.gateway.testing.TestDatabase;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class IdentityStoresIT {

  private TestDatabase test;
  private UserStore users;
  private TokenStore tokens;

  @BeforeEach
  void open() {
    test = TestDatabase.fresh();
    users = new UserStore(test.database());
    tokens = new TokenStore(test.database());
  }

  @AfterEach
  void close() {
    test.close();
  }

  @Test
  void bringsUsersThereAndBack() {
    User root = register("root@example.com");

    assertThat(users.all()).containsExactly(root);
    assertThat(users.findLogin("root@example.com").orElseThrow().user()).isEqualTo(root);
    assertThat(users.findLogin(root.id()).orElseThrow().passwordHash()).isEqualTo("a hash");
  }

  @Test
  void bringsTokensThereAndBack() {
    User root = register("root@example.com");
    Instant end = Instant.parse("2030-01-01T00:00:00Z");
    TokenDigest digest = TokenDigest.of("rfl_x");

    ApiToken token =
        tokens.create(
            root.id(), "x", digest, Set.of(TokenScope.API, TokenScope.MCP), Optional.of(end));

    assertThat(token.digest()).isEqualTo(digest);
    assertThat(token.expiresAt()).contains(end);
    assertThat(token.scopes()).containsExactlyInAnyOrder(TokenScope.API, TokenScope.MCP);
    assertThat(tokens.all()).containsExactly(token);
  }

  @Test
  void allowsAHundredTokensEach() {
    User root = register("root@example.com");
    for (int i = 0; i < 100; i++) {
      newToken(root);
    }

    assertThatThrownBy(() -> newToken(root)).isInstanceOf(Conflict.class);
    newToken(register("ann@example.com"));
  }

  @Test
  void deletesTheTokensOfADeletedUser() {
    register("root@example.com");
    User ann = register("ann@example.com");
    ApiToken token = newToken(ann);
    tokens.recordUse(Map.of(token.id(), Instant.EPOCH));

    users.delete(ann.id());

    assertThat(tokens.all()).isEmpty();
  }

  @Test
  void changesThePasswordOnlyOnceForTheSameOldOne() {
    var before = users.findLogin(register("root@example.com").id()).orElseThrow();

    assertThat(users.changePassword(before, "second", Optional.of("0.kept"))).isTrue();
    assertThat(users.changePassword(before, "third", Optional.empty())).isFalse();

    var after = users.findLogin(before.user().id()).orElseThrow();
    assertThat(after.passwordHash()).isEqualTo("second");
    assertThat(after.user().loginGeneration()).isEqualTo(1);
    assertThat(after.user().keptLogin()).contains("0.kept");
  }

  @Test
  void notesTheLatestUseOfTokensThatAreStillThere() {
    User root = register("root@example.com");
    ApiToken token = newToken(root);
    Instant late = Instant.parse("2026-11-23T10:00:00Z");

    tokens.recordUse(Map.of(token.id(), late, UUID.randomUUID(), late));
    tokens.recordUse(Map.of(token.id(), late.minusSeconds(60)));

    assertThat(tokens.list(root.id()).getFirst().lastUsedAt()).contains(late);
  }

  @Test
  void tellsOtherReplicasOfChangesButNotOfUses() throws InterruptedException {
    User root = register("root@example.com");
    ApiToken token = newToken(root);
    var heard = new LinkedBlockingQueue<String>();
    try (var changes = new PostgresChanges(test.address(), InstantSource.system())) {
      changes.on("users", () -> heard.add("users"));
      changes.on("api_tokens", () -> heard.add("api_tokens"));
      changes.on("api_token_use", () -> heard.add("api_token_use"));
      changes.start();
      for (int i = 0; i < 6; i++) {
        assertThat(heard.poll(10, TimeUnit.SECONDS)).as("everything twice").isNotNull();
      }

      tokens.recordUse(Map.of(token.id(), Instant.EPOCH));
      tokens.revoke(root.id(), token.id());
      assertThat(heard.poll(2, TimeUnit.SECONDS)).isEqualTo("api_tokens");

      users.changePassword(users.findLogin(root.id()).orElseThrow(), "other", Optional.empty());
      assertThat(heard.poll(2, TimeUnit.SECONDS)).isEqualTo("users");
      assertThat(heard).isEmpty();
    }
  }

  @Test
  void countsOnOtherReplicasWithinTwoSeconds() throws InterruptedException {
    register("root@example.com");
    User ann = register("ann@example.com");
    var other = new Identities(users, tokens);
    var told = new LinkedBlockingQueue<UserId>();
    other.onChange(told::add);
    try (var changes = new PostgresChanges(test.address(), InstantSource.system())) {
      var listening = new CountDownLatch(2);
      changes.on("users", other::reload);
      changes.on("users", listening::countDown);
      changes.start();
      assertThat(listening.await(10, TimeUnit.SECONDS)).isTrue();

      users.update(
          ann.id(), new UserChange(Optional.empty(), Optional.empty(), Optional.of(false)));

      assertThat(told.poll(2, TimeUnit.SECONDS)).isEqualTo(ann.id());
      assertThat(other.current().user(ann.id()).orElseThrow().enabled()).isFalse();
    }
  }

  private User register(String email) {
    return users.register(email, "a hash", first -> first ? Identity.ADMIN : "user");
  }

  private ApiToken newToken(User user) {
    return tokens.create(
        user.id(),
        "x",
        TokenDigest.of(ApiToken.newText()),
        Set.of(TokenScope.MCP),
        Optional.empty());
  }
}
