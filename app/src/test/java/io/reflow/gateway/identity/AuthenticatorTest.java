package io.reflow.gateway.identity;

import static io.reflow.gateway.identity.People.SECRET;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.database.Snapshot;
import io.reflow.gateway.fault.GatewayException.NotAuthenticated;
import io.reflow.gateway.fault.GatewayException.NotPermitted;
import io.reflow.gateway.fault.GatewayException.Unavailable;
import io.reflow.gateway.http.Access;
import io.reflow.gateway.identity.Authentication.Authenticated;
import io.reflow.gateway.identity.Authentication.Kind;
import io.reflow.gateway.identity.Authentication.Rejected;
import io.reflow.gateway.identity.Authentication.Why;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AuthenticatorTest {

  private final SettableClock clock = new SettableClock();
  private final LoginTokens logins = new LoginTokens(People.jwt(SECRET), clock);
  private final List<UUID> used = new ArrayList<>();
  private final List<UserId> told = new ArrayList<>();
  private final Snapshot<IdentitySnapshot> snapshot =
      new Snapshot<>(IdentitySnapshot.NOT_LOADED, this::load);
  private final Identities identities = new Identities(snapshot);
  private final TokenUse use = new TokenUse(batch -> used.addAll(batch.keySet()), clock);
  private final Authenticator authenticator = new Authenticator(logins, identities, use, clock);
  private final RestGate gate = new RestGate(authenticator, _ -> {});

  private final User ann = People.user("ann");
  private final User root = People.admin("root");
  private List<User> users = List.of(ann, root);
  private List<ApiToken> tokens = List.of();

  @BeforeEach
  void listen() {
    identities.onChange(told::add);
  }

  private IdentitySnapshot load() {
    return new IdentitySnapshot(users, tokens);
  }

  @Test
  void saysUnavailableUntilTheUsersAreLoaded() {
    String token = logins.issue(ann);

    assertThatThrownBy(() -> authenticate(token)).isInstanceOf(Unavailable.class);

    identities.reload();
    assertThat(authenticate(token)).isInstanceOf(Authenticated.class);
  }

  @Test
  void takesRoleAndGroupsFromTheUsersTable() {
    identities.reload();
    String token = logins.issue(ann);
    users = List.of(People.inRole(ann, "auditor"));
    identities.reload();

    assertThat(accepted(token).identity().role()).isEqualTo("auditor");
    assertThat(accepted(token).identity().groups()).containsExactly("staff");
    assertThat(accepted(token).kind()).isEqualTo(Kind.LOGIN);
  }

  @Test
  void rejectsUsersWhoAreDisabledOrGone() {
    identities.reload();
    String token = logins.issue(ann);
    accepted(token);

    users = List.of(People.disabled(ann));
    identities.reload();
    assertThat(authenticate(token)).isInstanceOf(Rejected.class);

    users = List.of();
    identities.reload();
    assertThat(authenticate(token)).isInstanceOf(Rejected.class);
  }

  @Test
  void rejectsAKnownLoginTokenWhenItEnds() {
    identities.reload();
    String token = logins.issue(ann);
    accepted(token);

    clock.advance(Duration.ofHours(13));

    assertThat(authenticate(token)).isEqualTo(new Rejected(Why.EXPIRED, "the token has expired"));
  }

  @Test
  void keepsOnlyTheCallersLoginAfterAChangedPassword() {
    identities.reload();
    String mine = logins.issue(ann);
    String other = logins.issue(ann);
    accepted(other);
    User changed = People.afterPasswordChange(ann, Optional.of(accepted(mine).tokenId()));

    users = List.of(changed);
    identities.reload();

    accepted(mine);
    assertThat(authenticate(other)).isInstanceOf(Rejected.class);
    accepted(logins.issue(changed));
  }

  @Test
  void keepsNobodysLoginWhenThePasswordWasChangedByAnApiToken() {
    identities.reload();
    String mine = logins.issue(ann);

    users = List.of(People.afterPasswordChange(ann, Optional.empty()));
    identities.reload();

    assertThat(authenticate(mine)).isInstanceOf(Rejected.class);
  }

  @Test
  void acceptsApiTokensUntilTheyExpire() {
    String text = newToken(ann, Optional.of(clock.instant().plusSeconds(60)), TokenScope.MCP);

    Authenticated caller = accepted(text);
    assertThat(caller.identity()).isEqualTo(ann.identity());
    assertThat(caller.kind()).isEqualTo(Kind.API_TOKEN);
    assertThat(caller.scopes()).containsExactly(TokenScope.MCP);

    clock.advance(Duration.ofSeconds(60));
    assertThat(authenticate(text)).isEqualTo(new Rejected(Why.EXPIRED, "the token has expired"));
  }

  @Test
  void acceptsApiTokensWithoutAnEndForEver() {
    String text = newToken(ann, Optional.empty(), TokenScope.MCP);

    clock.advance(Duration.ofDays(10_000));

    assertThat(accepted(text).expiresAt()).isEqualTo(Instant.MAX);
  }

  @Test
  void rejectsRevokedApiTokens() {
    String text = newToken(ann, Optional.empty(), TokenScope.MCP);
    accepted(text);

    tokens = List.of();
    identities.reload();

    assertThat(authenticate(text)).isInstanceOf(Rejected.class);
  }

  @Test
  void rejectsApiTokensOfDisabledUsers() {
    String text = newToken(ann, Optional.empty(), TokenScope.MCP);

    users = List.of(People.disabled(ann));
    identities.reload();

    assertThat(authenticate(text)).isInstanceOf(Rejected.class);
  }

  @Test
  void rejectsApiTokensThatDifferInOneCharacter() {
    String text = newToken(ann, Optional.empty(), TokenScope.MCP);
    char changed = text.charAt(10) == 'a' ? 'b' : 'a';

    assertThat(authenticate(text.substring(0, 10) + changed + text.substring(11)))
        .isInstanceOf(Rejected.class);
    assertThat(authenticate(text + "a")).isInstanceOf(Rejected.class);
    assertThat(authenticate("rfl_")).isInstanceOf(Rejected.class);
    assertThat(authenticate("rfl_" + "a".repeat(1 << 20))).isInstanceOf(Rejected.class);
  }

  @Test
  void rejectsWhoHasNoToken() {
    identities.reload();

    assertThat(authenticator.authenticate(Optional.empty())).isInstanceOf(Rejected.class);
    assertThat(authenticate("")).isInstanceOf(Rejected.class);
    assertThat(authenticate("a".repeat(1 << 20))).isInstanceOf(Rejected.class);
  }

  @Test
  void checksAgainWhatLivesLonger() {
    identities.reload();
    Authenticated login = accepted(logins.issue(ann));
    Authenticated token = accepted(newToken(ann, Optional.empty(), TokenScope.MCP));

    users = List.of(People.inRole(ann, "auditor"));
    identities.reload();
    assertThat(authenticator.recheck(login))
        .isInstanceOfSatisfying(
            Authenticated.class, it -> assertThat(it.identity().role()).isEqualTo("auditor"));
    assertThat(authenticator.recheck(token)).isInstanceOf(Authenticated.class);

    users = List.of(People.afterPasswordChange(ann, Optional.empty()));
    tokens = List.of();
    identities.reload();
    assertThat(authenticator.recheck(login)).isInstanceOf(Rejected.class);
    assertThat(authenticator.recheck(token)).isInstanceOf(Rejected.class);
  }

  @Test
  void endsWhatLivesLongerWhenTheTokenEnds() {
    identities.reload();
    Authenticated login = accepted(logins.issue(ann));

    clock.advance(Duration.ofHours(13));

    assertThat(authenticator.recheck(login)).isInstanceOf(Rejected.class);
  }

  @Test
  void tellsWhoWasChanged() {
    identities.reload();
    newToken(ann, Optional.empty(), TokenScope.MCP);
    assertThat(told).isEmpty();

    tokens = List.of();
    identities.reload();
    assertThat(told).containsExactly(ann.id());

    users = List.of(People.disabled(ann));
    identities.reload();
    assertThat(told).containsExactlyInAnyOrder(ann.id(), ann.id(), root.id());
  }

  @Test
  void tellsTheOthersWhenAListenerFails() {
    var heard = new ArrayList<UserId>();
    identities.onChange(user -> {
      throw new IllegalStateException("planted by a test");
    });
    identities.onChange(heard::add);
    identities.reload();

    users = List.of(ann);
    identities.reload();

    assertThat(heard).containsExactly(root.id());
  }

  @Test
  void wantsTheScopeApiForTheRestApi() {
    String mcp = newToken(ann, Optional.empty(), TokenScope.MCP);
    String api = newToken(ann, Optional.empty(), TokenScope.API);

    assertThatThrownBy(() -> admit(mcp, Access.USER)).isInstanceOf(NotPermitted.class);
    assertThat(admit(api, Access.USER).identity()).isEqualTo(ann.identity());
  }

  @Test
  void wantsScopeAndRoleOfAdmins() {
    String scopeOnly = newToken(ann, Optional.empty(), TokenScope.ADMIN, TokenScope.API);
    String roleOnly = newToken(root, Optional.empty(), TokenScope.API);
    String both = newToken(root, Optional.empty(), TokenScope.ADMIN);

    assertThatThrownBy(() -> admit(scopeOnly, Access.ADMIN)).isInstanceOf(NotPermitted.class);
    assertThatThrownBy(() -> admit(roleOnly, Access.ADMIN)).isInstanceOf(NotPermitted.class);
    assertThat(admit(both, Access.ADMIN).identity()).isEqualTo(root.identity());
  }

  @Test
  void endsTheRightsOfADemotedAdminAtOnce() {
    identities.reload();
    String token = logins.issue(root);
    assertThat(admit(token, Access.ADMIN).mayUse(TokenScope.ADMIN)).isTrue();

    users = List.of(ann, People.inRole(root, "user"));
    identities.reload();

    assertThat(accepted(token).mayUse(TokenScope.ADMIN)).isFalse();
    assertThatThrownBy(() -> admit(token, Access.ADMIN)).isInstanceOf(NotPermitted.class);
    admit(token, Access.USER);
  }

  @Test
  void answersABadTokenAtTheGateWithNotAuthenticated() {
    identities.reload();

    assertThatThrownBy(() -> admit("nonsense", Access.USER)).isInstanceOf(NotAuthenticated.class);
    assertThatThrownBy(() -> gate.admit(Optional.empty(), Access.USER))
        .isInstanceOf(NotAuthenticated.class);
  }

  @Test
  void notesTheUseOfATokenOnceAMinute() {
    String text = newToken(ann, Optional.empty(), TokenScope.MCP);

    accepted(text);
    use.flush();
    accepted(text);
    use.flush();
    assertThat(used).hasSize(1);

    clock.advance(Duration.ofMinutes(1));
    accepted(text);
    assertThat(used).hasSize(1);
    use.flush();
    assertThat(used).hasSize(2);
  }

  private String newToken(User user, Optional<Instant> end, TokenScope... scopes) {
    String text = ApiToken.newText();
    var token =
        new ApiToken(
            UUID.randomUUID(),
            user.id(),
            "test",
            TokenDigest.of(text),
            Set.of(scopes),
            clock.instant(),
            end);
    var more = new ArrayList<>(tokens);
    more.add(token);
    tokens = more;
    identities.reload();
    return text;
  }

  private Authentication authenticate(String token) {
    return authenticator.authenticate(Optional.of(token));
  }

  private Authenticated accepted(String token) {
    return (Authenticated) authenticate(token);
  }

  private Authenticated admit(String token, Access access) {
    return gate.admit(Optional.of(token), access);
  }
}
