package io.reflow.gateway.credential;

import static io.reflow.gateway.credential.KeyRules.AUTH_HEADER;
import static io.reflow.gateway.credential.KeyRules.AUTH_TOKEN;
import static io.reflow.gateway.credential.KeyRules.BASE_URL;
import static io.reflow.gateway.credential.KeyRules.TIMEOUT;

import io.reflow.gateway.config.Secret;
import io.reflow.gateway.fault.GatewayException.CredentialMissing;
import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.TargetRules;
import io.reflow.gateway.target.UpstreamAuth;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Function;

/// What an HTTP target gets of the keys that count for an instance: its token, in the header that
/// is meant for it, and what an admin has said goes into another header. Every other key stays
/// here: it would leave the gateway under a name that nobody chose.
final class HttpInjection {

  private static final String AUTHORIZATION = "Authorization";

  private final Target target;
  private final Map<String, EnvConfig> configs;
  private final BiFunction<Target, EnvConfig, Secret> opener;
  private final SortedMap<String, Secret> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
  private final List<EnvConfig> used = new ArrayList<>();

  HttpInjection(
      Target target, Map<String, EnvConfig> configs, BiFunction<Target, EnvConfig, Secret> opener) {
    this.target = target;
    this.configs = configs;
    this.opener = opener;
  }

  /// @throws CredentialMissing if the target needs a token that is not there
  /// @throws UpstreamFailed naming a key whose value can't be used
  Injection make(Fingerprint fingerprint) {
    authHeader().ifPresent(this::putToken);
    configs.values().forEach(this::putHeader);
    Optional<URI> baseUrl = setting(BASE_URL, url -> TargetRules.url(BASE_URL, url));
    Optional<Duration> timeout = setting(TIMEOUT, KeyRules::timeout);
    SortedMap<String, Secret> values = new TreeMap<>();
    headers.forEach((name, value) -> values.put(Inject.HEADER + name, value));
    baseUrl.ifPresent(url -> values.put(BASE_URL, new Secret(url.toString())));
    timeout.ifPresent(longest -> values.put(TIMEOUT, new Secret(longest.toString())));
    return new Injection(
        Map.of(),
        headers,
        baseUrl,
        timeout,
        Credentials.scope(used),
        fingerprint.of(target, values));
  }

  /// Where the token goes.
  private Optional<String> authHeader() {
    return setting(AUTH_HEADER, name -> TargetRules.headerName(AUTH_HEADER, name))
        .or(() ->
            switch (target.auth()) {
              case UpstreamAuth.None() -> Optional.empty();
              case UpstreamAuth.Bearer() -> Optional.of(AUTHORIZATION);
              case UpstreamAuth.Header(var name) -> Optional.of(name);
            });
  }

  private void putToken(String header) {
    EnvConfig config = configs.get(AUTH_TOKEN);
    if (config == null) {
      if (target.auth() instanceof UpstreamAuth.None) {
        return;
      }
      throw new CredentialMissing(missing());
    }
    Secret token = headerValue(config);
    boolean bearer =
        header.equalsIgnoreCase(AUTHORIZATION) && !(target.auth() instanceof UpstreamAuth.Header);
    headers.put(header, bearer ? new Secret("Bearer " + token.reveal()) : token);
  }

  /// Who can do something about it, and where.
  private String missing() {
    String where = "/api/targets/" + target.id();
    String admins =
        switch (target.isolation()) {
          case SHARED -> "an admin sets it for everybody with PUT %s/tokens/default";
          case PER_ROLE -> "an admin sets it for your role with PUT %s/tokens/role";
          case PER_GROUP -> "an admin sets it for your group with PUT %s/tokens/group";
          case PER_USER ->
              "you set your own with PUT %s/token, or an admin sets one for your role or"
                  + " group";
        };
    return "target '%s' needs a token that is not set: %s"
        .formatted(target.name(), admins.formatted(where));
  }

  /// The token's header is the token's, whatever else is meant to go there.
  private void putHeader(EnvConfig config) {
    if (config.inject().orElse(null) instanceof Inject.Header(var name)
        && !KeyRules.reserved(config.key())
        && !headers.containsKey(name)) {
      headers.put(name, headerValue(config));
    }
  }

  private Secret headerValue(EnvConfig config) {
    Secret value = open(config);
    if (!KeyRules.fitsHeader(value.reveal())) {
      throw unusable(config.key(), "can't be sent in a header");
    }
    return value;
  }

  private <T> Optional<T> setting(String key, Function<String, T> read) {
    Optional<EnvConfig> config = Optional.ofNullable(configs.get(key));
    try {
      return config.map(found -> read.apply(open(found).reveal()));
    } catch (InvalidRequest _) {
      throw unusable(key, "fits no HTTP target");
    }
  }

  private Secret open(EnvConfig config) {
    used.add(config);
    return opener.apply(target, config);
  }

  private UpstreamFailed unusable(String key, String why) {
    return new UpstreamFailed(
        target.name(), "has a value of %s that %s: set it anew".formatted(key, why));
  }
}
