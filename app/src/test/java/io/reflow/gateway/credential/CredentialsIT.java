package io.reflow.gateway.credential;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.reflow.gateway.config.EncryptionConfig;
import io.reflow.gateway.config.Secret;
import io.reflow.gateway.fault.GatewayException.NotPermitted;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.target.Isolation;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.target.TargetStore;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.target.UpstreamAuth;
import io.reflow.gateway.testing.Policies;
import io.reflow.gateway.testing.TestDatabase;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.net.URI;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CredentialsIT {

  private static final Identity ALICE =
      new Identity(
          new UserId(UUID.randomUUID()), "alice@example.com", "user", Set.of("blue", "amber"));
  private static final Identity BOB =
      new Identity(new UserId(UUID.randomUUID()), "bob@example.com", "user", Set.of());

  private TestDatabase database;
  private Vault vault;
  private CredentialStore store;
  private Credentials credentials;

  @BeforeEach
  void start() {
    database = TestDatabase.fresh();
    vault = vault("k1");
    store = new CredentialStore(database.database(), vault);
    store.checkKeys();
    credentials = new Credentials(store, vault);
  }

  @AfterEach
  void stop() {
    database.close();
  }

  @Test
  void instanceGetsTheCredentialsOfThoseWhoShareItOnly() {
    Target shared = stored(stdio(Isolation.SHARED));
    for (Scope scope : everyScope()) {
      put(shared, scope, "ONLY_" + scope.kind() + scope.value().replace("-", ""), "x");
      put(shared, scope, "KEY", scope.kind() + scope.value());
    }

    assertThat(key(shared, Isolation.SHARED, ALICE)).isEqualTo("default");
    assertThat(key(shared, Isolation.PER_ROLE, ALICE)).isEqualTo("roleuser");
    assertThat(key(shared, Isolation.PER_GROUP, ALICE)).isEqualTo("groupamber");
    assertThat(key(shared, Isolation.PER_USER, ALICE)).isEqualTo("user" + ALICE.user());
    assertThat(key(shared, Isolation.PER_USER, BOB)).isEqualTo("roleuser");
    assertThat(key(shared, Isolation.PER_GROUP, BOB)).isEqualTo("default");

    assertThat(keys(shared, Isolation.SHARED)).containsExactly("KEY", "ONLY_default");
    assertThat(keys(shared, Isolation.PER_ROLE))
        .containsExactly("KEY", "ONLY_default", "ONLY_roleuser");
    assertThat(keys(shared, Isolation.PER_GROUP))
        .containsExactly("KEY", "ONLY_default", "ONLY_groupamber", "ONLY_groupblue");
    assertThat(keys(shared, Isolation.PER_USER)).hasSize(6);
  }

  @Test
  void nobodyGetsAnothersInstance() {
    Target target = stored(stdio(Isolation.PER_USER));
    InstanceKey alices = InstanceKey.of(target, ALICE);

    assertThatExceptionOfType(NotPermitted.class)
        .isThrownBy(() -> credentials.resolve(Policies.permit(BOB, target.id()), target, alices));
    TargetId other = new TargetId(UUID.randomUUID());
    assertThatExceptionOfType(NotPermitted.class)
        .isThrownBy(() -> credentials.resolve(Policies.permit(ALICE, other), target, alices));
  }

  @Test
  void warmResolveIsTheSameInjection() {
    Target target = stored(stdio(Isolation.PER_USER));
    put(target, new Scope.Default(), "KEY", "v");

    assertThat(resolve(target, ALICE)).isSameAs(resolve(target, ALICE));
  }

  @Test
  void fingerprintChangesWithTheValuesAndWithHowTheTargetIsRun() {
    Target target = stored(stdio(Isolation.SHARED));
    put(target, new Scope.Default(), "KEY", "one");
    String first = resolve(target, ALICE).fingerprint();

    put(target, new Scope.Default(), "KEY", "two");
    String second = resolve(target, ALICE).fingerprint();
    put(target, new Scope.Default(), "KEY", "one");

    assertThat(second).isNotEqualTo(first);
    assertThat(resolve(target, BOB).fingerprint()).isEqualTo(first);
    Target renamed = with(target, target.isolation(), target.auth(), target.revision() + 1);
    assertThat(resolve(renamed, ALICE).fingerprint()).isEqualTo(first);
    assertThat(resolve(running(target, "x", "a b"), ALICE).fingerprint())
        .isNotEqualTo(first)
        .isNotEqualTo(resolve(running(target, "x", "a", "b"), ALICE).fingerprint());
  }

  @Test
  void httpTargetGetsItsTokenInItsHeaderAndNothingElse() {
    Target target = stored(http(new UpstreamAuth.Bearer()));
    put(target, new Scope.Default(), "AUTH_TOKEN", "tok");
    put(target, new Scope.Default(), "OTHER", "x");

    assertThat(resolve(target, ALICE).headers())
        .isEqualTo(Map.of("Authorization", new Secret("Bearer tok")));
    assertThat(resolve(target, ALICE).environment()).isEmpty();
    Target header = with(target, Isolation.SHARED, new UpstreamAuth.Header("X-Key"), 2);
    assertThat(resolve(header, ALICE).headers()).isEqualTo(Map.of("X-Key", new Secret("tok")));
    Target none = with(target, Isolation.SHARED, new UpstreamAuth.None(), 3);
    assertThat(resolve(none, ALICE).headers()).isEmpty();
  }

  @Test
  void valueThatFitsNoHeaderIsNotSent() {
    Target target = stored(http(new UpstreamAuth.Bearer()));
    put(target, new Scope.Default(), "AUTH_TOKEN", "a\r\nX-Evil: 1");

    assertThatExceptionOfType(UpstreamFailed.class)
        .isThrownBy(() -> resolve(target, ALICE))
        .withMessageContaining("AUTH_TOKEN")
        .withMessageNotContaining("Evil");
  }

  @Test
  void ciphertextOfAnotherRowDoesNotOpen() {
    Target target = stored(stdio(Isolation.PER_USER));
    put(target, new Scope.User(ALICE.user()), "KEY", "alices");
    put(target, new Scope.User(BOB.user()), "KEY", "bobs");
    database.execute(
        """
        update env_configs set ciphertext =
          (select ciphertext from env_configs where scope_value = '%s')
        where scope_value = '%s'
        """
            .formatted(ALICE.user(), BOB.user()));
    credentials.reload();

    assertThatExceptionOfType(UpstreamFailed.class)
        .isThrownBy(() -> resolve(target, BOB))
        .withMessageContaining("KEY");
    assertThat(resolve(target, ALICE).environment()).containsEntry("KEY", new Secret("alices"));
  }

  @Test
  void databaseHoldsNoClearText() {
    Target target = stored(stdio(Isolation.SHARED));
    put(target, new Scope.Default(), "KEY", "clear-text-value");

    database.execute(
        """
        do $$ begin
          if exists (select from env_configs where env_configs::text like '%clear-text%'
              or position(convert_to('clear-text', 'UTF8') in ciphertext) > 0) then
            raise exception 'clear text';
          end if;
        end $$
        """);
    assertThat(resolve(target, ALICE).toString()).doesNotContain("clear-text");
  }

  @Test
  void wrongKeyIsNoticedAtTheStart() {
    put(stored(stdio(Isolation.SHARED)), new Scope.Default(), "KEY", "v");

    assertThatIllegalStateException()
        .isThrownBy(() -> new CredentialStore(database.database(), vault("k2")).checkKeys())
        .withMessageContaining("encryption.key");
    var sameIdOtherBytes = new Vault(keys("k1:" + base64("k9")));
    assertThatIllegalStateException()
        .isThrownBy(() -> new CredentialStore(database.database(), sameIdOtherBytes).checkKeys())
        .withMessageContaining("encryption.key");
    new CredentialStore(database.database(), vault("k1")).checkKeys();
  }

  @Test
  void oldKeyCanGoOnceItsValuesWereSealedAnew() throws InterruptedException {
    Target target = stored(stdio(Isolation.SHARED));
    put(target, new Scope.Default(), "KEY", "v");
    Vault both = vault("k2", "k1");
    var turned = new CredentialStore(database.database(), both);
    turned.checkKeys();

    try (var rotation = new Rotation(turned)) {
      assertThat(rotation.left()).isEqualTo(1);
      rotation.start();
      UpstreamFixtures.await(() -> rotation.left() == 0);
    }

    var last = new CredentialStore(database.database(), vault("k2"));
    last.checkKeys();
    credentials = new Credentials(last, vault("k2"));
    credentials.reload();
    assertThat(resolve(target, ALICE).environment()).containsEntry("KEY", new Secret("v"));
  }

  private String key(Target target, Isolation isolation, Identity caller) {
    Target isolated = with(target, isolation, target.auth(), target.revision());
    Secret value = resolve(isolated, caller).environment().get("KEY");
    return value == null ? "" : value.reveal();
  }

  private List<String> keys(Target target, Isolation isolation) {
    Target isolated = with(target, isolation, target.auth(), target.revision());
    return resolve(isolated, ALICE).environment().keySet().stream().sorted().toList();
  }

  private Injection resolve(Target target, Identity caller) {
    return credentials.resolve(
        Policies.permit(caller, target.id()), target, InstanceKey.of(target, caller));
  }

  private void put(Target target, Scope scope, String key, String value) {
    store.put(target.id(), scope, Change.value(key, new Secret(value)));
    credentials.reload();
  }

  private Target stored(Target target) {
    new TargetStore(database.database()).insert(target);
    return target;
  }

  private static List<Scope> everyScope() {
    return List.of(
        new Scope.Default(),
        new Scope.Role("user"),
        new Scope.Role("admin"),
        new Scope.Group("amber"),
        new Scope.Group("blue"),
        new Scope.Group("red"),
        new Scope.User(ALICE.user()),
        new Scope.User(new UserId(UUID.randomUUID())));
  }

  private static Target stdio(Isolation isolation) {
    return target(new Transport.Stdio("x", List.of()), isolation, new UpstreamAuth.None());
  }

  private static Target running(Target target, String command, String... arguments) {
    return new Target(
        target.id(),
        target.name(),
        new Transport.Stdio(command, List.of(arguments)),
        target.isolation(),
        target.auth(),
        0,
        Optional.empty(),
        Optional.empty(),
        true,
        2 + arguments.length);
  }

  private static Target http(UpstreamAuth auth) {
    return target(
        new Transport.StreamableHttp(URI.create("http://localhost/")), Isolation.SHARED, auth);
  }

  private static Target target(Transport transport, Isolation isolation, UpstreamAuth auth) {
    return new Target(
        new TargetId(UUID.randomUUID()),
        "target",
        transport,
        isolation,
        auth,
        0,
        Optional.empty(),
        Optional.empty(),
        true,
        1);
  }

  private static Target with(Target target, Isolation isolation, UpstreamAuth auth, long revision) {
    return new Target(
        target.id(),
        target.name(),
        target.transport(),
        isolation,
        auth,
        0,
        Optional.empty(),
        Optional.empty(),
        true,
        revision);
  }

  private static Vault vault(String... ids) {
    return new Vault(keys(Stream.of(ids).map(id -> id + ":" + base64(id)).toArray(String[]::new)));
  }

  private static EncryptionConfig keys(String... entries) {
    return new EncryptionConfig(Optional.empty(), Stream.of(entries).map(Secret::new).toList());
  }

  private static String base64(String id) {
    byte[] key = new byte[32];
    Arrays.fill(key, (byte) id.charAt(1));
    return Base64.getEncoder().encodeToString(key);
  }
}
