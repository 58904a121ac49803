package io.reflow.gateway.credential;

import io.reflow.gateway.target.TargetId;
import java.time.Instant;
import java.util.Comparator;
import java.util.Optional;

/// A key of a target in one scope, with its sealed value. Without a value it only declares the key:
/// what it is for, whether users may set it for themselves, and where its values go.
record EnvConfig(
    TargetId target,
    Scope scope,
    String key,
    Optional<Sealed> sealed,
    String description,
    boolean userSettable,
    Optional<Inject> inject,
    Instant updatedAt) {

  static final Comparator<EnvConfig> ORDER =
      Comparator.comparing(EnvConfig::key)
          .thenComparing(config -> config.scope().kind())
          .thenComparing(config -> config.scope().value());

  /// The same with another place for its value.
  EnvConfig into(Optional<Inject> other) {
    return new EnvConfig(target, scope, key, sealed, description, userSettable, other, updatedAt);
  }

  /// What the value is sealed for: it opens nowhere else.
  String[] place() {
    return place(target, scope, key);
  }

  static String[] place(TargetId target, Scope scope, String key) {
    return new String[] {"env_configs", target.toString(), scope.kind(), scope.value(), key};
  }
}
