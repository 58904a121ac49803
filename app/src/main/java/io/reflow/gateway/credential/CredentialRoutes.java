package io.reflow.gateway.credential;

import io.reflow.gateway.config.Secret;
import io.reflow.gateway.credential.EnvConfigJson.SourceJson;
import io.reflow.gateway.credential.EnvConfigRequestJson.ScopeJson;
import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.fault.GatewayException.NotFound;
import io.reflow.gateway.fault.GatewayException.NotPermitted;
import io.reflow.gateway.http.Exchange;
import io.reflow.gateway.http.RestHandler;
import io.reflow.gateway.identity.Authentication.Authenticated;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.policy.TargetAccess;
import io.reflow.gateway.target.AddressRules;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.TargetRules;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// `/api/targets/{id}/env`. Values go in and never come out. A change counts on this replica before
/// it is answered.
public final class CredentialRoutes {

  private static final int LONGEST_DESCRIPTION = 1000;

  private final CredentialStore store;
  private final Credentials credentials;
  private final TargetAccess access;
  private final AddressRules addresses;
  private final Predicate<UserId> knownUser;

  public CredentialRoutes(
      CredentialStore store,
      Credentials credentials,
      TargetAccess access,
      AddressRules addresses,
      Predicate<UserId> knownUser) {
    this.store = store;
    this.credentials = credentials;
    this.access = access;
    this.addresses = addresses;
    this.knownUser = knownUser;
  }

  /// All keys of all scopes.
  public void list(Exchange<Authenticated> exchange) {
    Target target = target(exchange);
    exchange.ok(credentials.of(target.id()).stream().map(EnvConfigJson::of).toList());
  }

  /// Which keys the caller's instance gets, and from which scope.
  public void resolve(Exchange<Authenticated> exchange) {
    List<EnvConfig> effective =
        credentials.effective(target(exchange), exchange.caller().identity());
    exchange.ok(effective.stream().map(SourceJson::of).toList());
  }

  public RestHandler<Authenticated> get(EnvPath path) {
    return exchange -> show(exchange, path.scope(exchange));
  }

  public RestHandler<Authenticated> replace(EnvPath path) {
    return exchange -> replace(exchange, path.scope(exchange));
  }

  public RestHandler<Authenticated> put(EnvPath path) {
    return exchange -> put(exchange, path.scope(exchange));
  }

  public RestHandler<Authenticated> delete(EnvPath path) {
    return exchange -> delete(exchange, path.scope(exchange));
  }

  /// What is stored for the user, and which other keys could be.
  private List<EnvConfigJson> ofUser(Target target, Scope scope) {
    Set<String> settable = settable(target);
    SortedMap<String, EnvConfigJson> keys = new TreeMap<>();
    for (EnvConfig config : credentials.of(target.id())) {
      boolean open = settable.contains(config.key());
      if (config.scope().equals(scope)) {
        keys.put(config.key(), EnvConfigJson.of(config, open));
      } else if (open && config.userSettable()) {
        keys.putIfAbsent(config.key(), EnvConfigJson.unset(config, scope));
      }
    }
    return List.copyOf(keys.values());
  }

  private void show(Exchange<Authenticated> exchange, Scope scope) {
    Target target = target(exchange);
    if (scope instanceof Scope.User user) {
      requireOwnOrAdmin(exchange, user.id());
      exchange.ok(ofUser(target, scope));
      return;
    }
    exchange.ok(
        credentials.of(target.id()).stream()
            .filter(config -> config.scope().equals(scope))
            .map(EnvConfigJson::of)
            .toList());
  }

  private void put(Exchange<Authenticated> exchange, Scope scope) {
    Target target = changing(exchange, scope);
    EnvConfigRequestJson request = exchange.body(EnvConfigRequestJson.class);
    Change change = change(target, scope, request);
    if (!TargetAccess.admin(exchange.caller())) {
      refuseUnlessSettable(target, Set.of(change.key()));
      if (request.description() != null || request.inject() != null) {
        throw new NotPermitted("only an admin may set description and inject");
      }
    }
    store.put(target.id(), scope, change);
    credentials.reload();
    exchange.created(
        credentials.of(target.id()).stream()
            .filter(config -> config.scope().equals(scope) && config.key().equals(change.key()))
            .findFirst()
            .map(EnvConfigJson::of)
            .orElseThrow(() -> unknown(change.key())));
  }

  private void replace(Exchange<Authenticated> exchange, Scope scope) {
    Target target = changing(exchange, scope);
    Map<String, Secret> values = values(target, scope, exchange.body(ScopeJson.class).configs());
    Optional<Set<String>> only = Optional.empty();
    if (!TargetAccess.admin(exchange.caller())) {
      refuseUnlessSettable(target, values.keySet());
      only = Optional.of(settable(target));
    }
    store.replace(target.id(), scope, values, only);
    credentials.reload();
    show(exchange, scope);
  }

  private void delete(Exchange<Authenticated> exchange, Scope scope) {
    Target target = changing(exchange, scope);
    String key = exchange.path("key");
    if (!TargetAccess.admin(exchange.caller())) {
      refuseUnlessSettable(target, Set.of(key));
    }
    if (!store.delete(target.id(), scope, key)) {
      throw unknown(key);
    }
    credentials.reload();
    exchange.noContent();
  }

  private Target changing(Exchange<Authenticated> exchange, Scope scope) {
    Target target = target(exchange);
    if (scope instanceof Scope.User user) {
      requireOwnOrAdmin(exchange, user.id());
    }
    return target;
  }

  private Target target(Exchange<Authenticated> exchange) {
    return access.get(exchange.caller(), exchange.id("id"));
  }

  private void requireOwnOrAdmin(Exchange<Authenticated> exchange, UserId user) {
    boolean own = user.equals(exchange.caller().identity().user());
    if (!own && !TargetAccess.admin(exchange.caller())) {
      throw new NotPermitted("only an admin may manage the credentials of another user");
    }
    if (!own && !knownUser.test(user)) {
      throw new NotFound("there is no user '%s'".formatted(user));
    }
  }

  private Change change(Target target, Scope scope, EnvConfigRequestJson request) {
    String key = KeyRules.key(request.key());
    Optional<Boolean> settable = Optional.ofNullable(request.userSettable());
    Optional<Inject> inject = Optional.ofNullable(request.inject()).map(Inject::read);
    if (inject.orElse(null) instanceof Inject.Header) {
      requireHeader(target, key);
    }
    if (settable.isPresent() && !(scope instanceof Scope.Default)) {
      throw new InvalidRequest("user_settable belongs to the default scope only");
    }
    if (settable.orElse(false) && KeyRules.adminsAlone(target, key)) {
      throw new InvalidRequest(
          "user_settable: %s steers what code runs or where traffic goes, so it is an admin's alone"
              .formatted(key));
    }
    if (request.value() != null) {
      checkValue(target, scope, key, request.value(), inject);
    } else if (!settable.orElse(false) && inject.isEmpty() && !exists(target, scope, key)) {
      throw new InvalidRequest("value is missing");
    }
    return new Change(
        key,
        Optional.ofNullable(request.value()).map(Secret::new),
        Optional.ofNullable(request.description()).map(CredentialRoutes::description),
        settable,
        inject);
  }

  private static void requireHeader(Target target, String key) {
    if (target.transport().address().isEmpty()) {
      throw new InvalidRequest("inject: a process gets its values as env, not in headers");
    }
    if (KeyRules.reserved(key)) {
      throw new InvalidRequest("inject: %s has a meaning of its own".formatted(key));
    }
  }

  private void checkValue(
      Target target, Scope scope, String key, String value, Optional<Inject> inject) {
    if (!KeyRules.counts(target, scope, key)) {
      throw new InvalidRequest(
          "%s belongs to the default, role and group scopes only".formatted(key));
    }
    KeyRules.checkValue(target, key, value);
    if (target.transport().address().isEmpty()) {
      return;
    }
    if (key.equals(KeyRules.BASE_URL)) {
      addresses.check(key, TargetRules.url(key, value));
    }
    if (inject.orElse(null) instanceof Inject.Header
        || (inject.isEmpty() && inHeader(target, key))) {
      KeyRules.checkHeaderValue(key, value);
    }
  }

  private boolean inHeader(Target target, String key) {
    return credentials.of(target.id()).stream()
        .anyMatch(config ->
            config.key().equals(key) && config.inject().orElse(null) instanceof Inject.Header);
  }

  private boolean exists(Target target, Scope scope, String key) {
    return credentials.of(target.id()).stream()
        .anyMatch(config -> config.scope().equals(scope) && config.key().equals(key));
  }

  private static String description(String description) {
    if (description.length() > LONGEST_DESCRIPTION || description.indexOf('\0') >= 0) {
      throw new InvalidRequest(
          "description must not contain NUL, nor be longer than %d characters"
              .formatted(LONGEST_DESCRIPTION));
    }
    return description;
  }

  private Map<String, Secret> values(
      Target target, Scope scope, @Nullable Map<String, String> configs) {
    if (configs == null) {
      throw new InvalidRequest("configs is missing");
    }
    Map<String, Secret> values = new LinkedHashMap<>();
    for (Map.Entry<String, @Nullable String> config : configs.entrySet()) {
      String key = KeyRules.key(config.getKey());
      String value = config.getValue();
      if (value == null) {
        throw new InvalidRequest("configs: the value of %s is missing".formatted(key));
      }
      checkValue(target, scope, key, value, Optional.empty());
      values.put(key, new Secret(value));
    }
    return values;
  }

  private void refuseUnlessSettable(Target target, Set<String> keys) {
    Set<String> settable = settable(target);
    for (String key : keys) {
      if (!settable.contains(key)) {
        throw new NotPermitted(
            "the key '%s' is not one that users may set for this target".formatted(key));
      }
    }
  }

  private Set<String> settable(Target target) {
    return credentials.of(target.id()).stream()
        .filter(config -> config.userSettable() && !(config.scope() instanceof Scope.User))
        .map(EnvConfig::key)
        .filter(key -> !KeyRules.adminsAlone(target, key))
        .collect(Collectors.toUnmodifiableSet());
  }

  private static NotFound unknown(String key) {
    return new NotFound("there is no key '%s' in this scope".formatted(key));
  }
}
