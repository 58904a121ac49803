package io.reflow.gateway.credential;

import static java.util.stream.Collectors.groupingBy;

import io.reflow.gateway.config.Secret;
import io.reflow.gateway.database.Snapshot;
import io.reflow.gateway.fault.GatewayException.NotPermitted;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.instance.InstanceKey.Sharing;
import io.reflow.gateway.policy.Permit;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.target.Transport;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What is injected into which instance. An instance gets the credentials of those who share it and
/// of wider scopes, never narrower ones: for each key user > group > role > default.
public final class Credentials {

  private static final int MOST_INJECTIONS = 20_000;

  private final Snapshot<Loaded> snapshot;
  private final Vault vault;
  private final List<Consumer<TargetId>> listeners = new CopyOnWriteArrayList<>();
  private final ReentrantLock reloading = new ReentrantLock();
  private final Fingerprint fingerprint = new Fingerprint();

  /// Knows none until the first [#reload()].
  public Credentials(CredentialStore store, Vault vault) {
    this.snapshot = new Snapshot<>(Loaded.of(List.of()), () -> Loaded.of(store.all()));
    this.vault = vault;
  }

  /// Loads anew, then tells the listeners what has changed. What was committed before the call
  /// counts when it returns.
  public void reload() {
    // Held until the listeners were told: whoever finds a change loaded by another thread must not
    // go on before that one's listeners are through.
    reloading.lock();
    try {
      Loaded before = snapshot.current();
      snapshot.reload();
      Loaded now = snapshot.current();
      Stream.concat(before.configs.keySet().stream(), now.configs.keySet().stream())
          .distinct()
          .filter(target -> !before.of(target).equals(now.of(target)))
          .forEach(target -> listeners.forEach(listener -> listener.accept(target)));
    } finally {
      reloading.unlock();
    }
  }

  /// `listener` hears of each target whose credentials were changed, on whatever replica, once this
  /// one knows. It must not block.
  public void onChange(Consumer<TargetId> listener) {
    listeners.add(listener);
  }

  /// What the instance `key` of `target` gets. A look-up in a map, but for the first time.
  ///
  /// @throws NotPermitted if the permit is for another target or its caller does not share the
  ///   instance
  /// @throws io.reflow.gateway.fault.GatewayException.CredentialMissing if the target needs a token
  ///   that is not there
  /// @throws UpstreamFailed naming a key whose value can't be used
  public Injection resolve(Permit permit, Target target, InstanceKey key) {
    if (!permit.target().equals(target.id())
        || !key.target().equals(target.id())
        || !key.sharedWith(target, permit.caller())) {
      throw new NotPermitted("the permit does not cover this instance of the target");
    }
    Loaded loaded = snapshot.current();
    // An instance of one user alone still gets no more than the target's isolation gives.
    Sharing sharing = InstanceKey.of(target, permit.caller()).sharing();
    Wanted wanted = new Wanted(target.id(), target.revision(), scopes(sharing, permit.caller()));
    Injection known = loaded.injections.get(wanted);
    if (known != null) {
      return known;
    }
    if (loaded.injections.size() >= MOST_INJECTIONS) {
      loaded.injections.clear();
    }
    Injection injection = injection(target, loaded.effective(target, wanted.scopes));
    loaded.injections.put(wanted, injection);
    return injection;
  }

  /// For each key the config whose value `caller` would get, in the order of the keys.
  List<EnvConfig> effective(Target target, Identity caller) {
    List<Scope> scopes = scopes(InstanceKey.of(target, caller).sharing(), caller);
    return List.copyOf(snapshot.current().effective(target, scopes).values());
  }

  List<EnvConfig> of(TargetId target) {
    return snapshot.current().of(target);
  }

  /// Narrowest first.
  private static List<Scope> scopes(Sharing sharing, Identity caller) {
    List<Scope> scopes = new ArrayList<>();
    switch (sharing) {
      case Sharing.Everyone() -> {}
      case Sharing.Role(var role) -> scopes.add(new Scope.Role(role));
      case Sharing.Groups(var groups) -> groups.forEach(each -> scopes.add(new Scope.Group(each)));
      case Sharing.User(var user) -> {
        scopes.add(new Scope.User(user));
        caller.groups().forEach(each -> scopes.add(new Scope.Group(each)));
        scopes.add(new Scope.Role(caller.role()));
      }
    }
    scopes.add(new Scope.Default());
    return scopes;
  }

  private Injection injection(Target target, Map<String, EnvConfig> configs) {
    return switch (target.transport()) {
      case Transport.Stdio _, Transport.Kubernetes _ -> {
        SortedMap<String, Secret> environment = new TreeMap<>();
        configs.forEach((key, config) -> environment.put(key, open(target, config)));
        yield new Injection(
            environment, Map.of(), scope(configs.values()), fingerprint.of(target, environment));
      }
      case Transport.StreamableHttp _, Transport.Sse _ ->
          new HttpInjection(target, configs, this::open).make(fingerprint);
    };
  }

  /// For whom they were stored, the narrowest first.
  static String scope(Collection<EnvConfig> used) {
    return used.stream()
        .map(EnvConfig::scope)
        .sorted(Comparator.comparingInt(Credentials::width))
        .map(Scope::kind)
        .distinct()
        .collect(Collectors.joining(","));
  }

  private static int width(Scope scope) {
    return switch (scope) {
      case Scope.User _ -> 0;
      case Scope.Group _ -> 1;
      case Scope.Role _ -> 2;
      case Scope.Default _ -> 3;
    };
  }

  private Secret open(Target target, EnvConfig config) {
    try {
      return vault.open(config.sealed().orElseThrow(), config.place());
    } catch (VaultException e) {
      throw new UpstreamFailed(
          target.name(),
          "has a credential %s that can't be decrypted: %s".formatted(config.key(), e.getMessage()),
          e);
    }
  }

  private record Wanted(TargetId target, long revision, List<Scope> scopes) {}

  /// All configs at one moment, and the injections that were made of them.
  private record Loaded(
      Map<TargetId, Map<Scope, List<EnvConfig>>> configs, Map<Wanted, Injection> injections) {

    static Loaded of(List<EnvConfig> configs) {
      return new Loaded(
          configs.stream().collect(groupingBy(EnvConfig::target, groupingBy(EnvConfig::scope))),
          new ConcurrentHashMap<>());
    }

    List<EnvConfig> of(TargetId target) {
      return configs.getOrDefault(target, Map.of()).values().stream()
          .flatMap(List::stream)
          .sorted(EnvConfig.ORDER)
          .toList();
    }

    /// Each key with its narrowest value, and where the narrowest scope that says so wants it.
    SortedMap<String, EnvConfig> effective(Target target, List<Scope> narrowestFirst) {
      Map<Scope, List<EnvConfig>> byScope = configs.getOrDefault(target.id(), Map.of());
      SortedMap<String, EnvConfig> effective = new TreeMap<>();
      Map<String, Inject> injects = new HashMap<>();
      for (Scope scope : narrowestFirst) {
        for (EnvConfig config : byScope.getOrDefault(scope, List.of())) {
          if (config.sealed().isPresent() && KeyRules.counts(target, scope, config.key())) {
            effective.putIfAbsent(config.key(), config);
          }
          config.inject().ifPresent(inject -> injects.putIfAbsent(config.key(), inject));
        }
      }
      effective.replaceAll((key, config) -> config.into(Optional.ofNullable(injects.get(key))));
      return effective;
    }
  }
}
