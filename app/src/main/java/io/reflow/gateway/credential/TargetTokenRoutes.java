package io.reflow.gateway.credential;

import static io.reflow.gateway.credential.KeyRules.AUTH_HEADER;
import static io.reflow.gateway.credential.KeyRules.AUTH_TOKEN;

import io.reflow.gateway.config.Secret;
import io.reflow.gateway.credential.TargetTokenJson.HoldersJson;
import io.reflow.gateway.credential.TargetTokenJson.OwnJson;
import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.fault.GatewayException.NotFound;
import io.reflow.gateway.http.Exchange;
import io.reflow.gateway.http.RestHandler;
import io.reflow.gateway.identity.Authentication.Authenticated;
import io.reflow.gateway.identity.IdentityRules;
import io.reflow.gateway.policy.TargetAccess;
import io.reflow.gateway.target.Isolation;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.UpstreamAuth;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// `/api/targets/{id}/token` and `/tokens`: the one credential that most targets need, under a name
/// of its own. It is stored as the key `AUTH_TOKEN`; what goes in never comes out.
public final class TargetTokenRoutes {

  private final CredentialStore store;
  private final Credentials credentials;
  private final TargetAccess access;

  public TargetTokenRoutes(CredentialStore store, Credentials credentials, TargetAccess access) {
    this.store = store;
    this.credentials = credentials;
    this.access = access;
  }

  /// Whether the caller's calls have a token, and from which scope.
  public void own(Exchange<Authenticated> exchange) {
    exchange.ok(
        credentials.effective(target(exchange), exchange.caller().identity()).stream()
            .filter(config -> config.key().equals(AUTH_TOKEN))
            .findFirst()
            .map(config -> new OwnJson(true, config.scope().kind()))
            .orElseGet(() -> new OwnJson(false, null)));
  }

  public void putOwn(Exchange<Authenticated> exchange) {
    Target target = target(exchange);
    requireOwnTokens(target);
    put(exchange, target, ownScope(exchange), exchange.body(TargetTokenJson.class).token());
  }

  public void deleteOwn(Exchange<Authenticated> exchange) {
    delete(exchange, ownScope(exchange));
  }

  private static Scope ownScope(Exchange<Authenticated> exchange) {
    return new Scope.User(exchange.caller().identity().user());
  }

  /// The admin's word that users may bring a token is how the target is set up, or the declared
  /// key.
  private void requireOwnTokens(Target target) {
    boolean declared =
        credentials.of(target.id()).stream()
            .anyMatch(config ->
                (config.key().equals(AUTH_TOKEN) && config.userSettable())
                    || config.key().equals(AUTH_HEADER));
    if (target.auth() instanceof UpstreamAuth.None && !declared) {
      throw new InvalidRequest("this target takes no token (its auth_type is none)");
    }
    if (target.isolation() != Isolation.PER_USER) {
      throw new InvalidRequest(
          "a token of your own would never be used: this target's isolation_boundary is %s, not per_user"
              .formatted(target.isolation().wireName()));
    }
  }

  /// Who has a token; never which.
  public void holders(Exchange<Authenticated> exchange) {
    List<Scope> scopes =
        credentials.of(target(exchange).id()).stream()
            .filter(config -> config.key().equals(AUTH_TOKEN) && config.sealed().isPresent())
            .map(EnvConfig::scope)
            .toList();
    exchange.ok(
        new HoldersJson(
            scopes.contains(new Scope.Default()),
            values(scopes, "role"),
            values(scopes, "group"),
            values(scopes, "user")));
  }

  private static List<String> values(List<Scope> scopes, String kind) {
    return scopes.stream().filter(each -> each.kind().equals(kind)).map(Scope::value).toList();
  }

  public void putDefault(Exchange<Authenticated> exchange) {
    put(exchange, TargetTokenJson.class, TargetTokenJson::token, _ -> new Scope.Default());
  }

  public void putRole(Exchange<Authenticated> exchange) {
    put(
        exchange,
        TargetTokenJson.OfRole.class,
        TargetTokenJson.OfRole::token,
        body -> new Scope.Role(IdentityRules.name("role", body.role())));
  }

  public void putGroup(Exchange<Authenticated> exchange) {
    put(
        exchange,
        TargetTokenJson.OfGroup.class,
        TargetTokenJson.OfGroup::token,
        body -> new Scope.Group(IdentityRules.name("group_name", body.groupName())));
  }

  private <T> void put(
      Exchange<Authenticated> exchange,
      Class<T> type,
      Function<T, @Nullable String> token,
      Function<T, Scope> scope) {
    Target target = target(exchange);
    T body = exchange.body(type);
    put(exchange, target, scope.apply(body), token.apply(body));
  }

  private void put(
      Exchange<Authenticated> exchange, Target target, Scope scope, @Nullable String token) {
    if (token == null || token.isEmpty()) {
      throw new InvalidRequest("token is missing");
    }
    KeyRules.checkValue(target, AUTH_TOKEN, token);
    store.put(target.id(), scope, Change.value(AUTH_TOKEN, new Secret(token)));
    credentials.reload();
    exchange.noContent();
  }

  public RestHandler<Authenticated> delete(EnvPath path) {
    return exchange -> delete(exchange, path.scope(exchange));
  }

  private void delete(Exchange<Authenticated> exchange, Scope scope) {
    Target target = target(exchange);
    if (!store.clear(target.id(), scope, AUTH_TOKEN)) {
      throw new NotFound("there is no token in this scope");
    }
    credentials.reload();
    exchange.noContent();
  }

  private Target target(Exchange<Authenticated> exchange) {
    return access.get(exchange.caller(), exchange.id("id"));
  }
}
