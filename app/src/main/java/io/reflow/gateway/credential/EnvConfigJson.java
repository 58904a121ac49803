package io.reflow.gateway.credential;

import org.jspecify.annotations.Nullable;

/// A key of a target in one scope; never its value.
public record EnvConfigJson(
    String key,
    String scope,
    @Nullable String scopeValue,
    String description,
    boolean userSettable,
    @Nullable String inject,
    boolean configured,
    String updatedAt) {

  static EnvConfigJson of(EnvConfig config) {
    return of(config, config.userSettable());
  }

  static EnvConfigJson of(EnvConfig config, boolean userSettable) {
    String value = config.scope().value();
    return new EnvConfigJson(
        config.key(),
        config.scope().kind(),
        value.isEmpty() ? null : value,
        config.description(),
        userSettable,
        inject(config),
        config.sealed().isPresent(),
        config.updatedAt().toString());
  }

  private static @Nullable String inject(EnvConfig config) {
    return config.inject().map(Inject::wireName).orElse(null);
  }

  /// A key that could be set in `scope`, as it was declared.
  static EnvConfigJson unset(EnvConfig declared, Scope scope) {
    return new EnvConfigJson(
        declared.key(),
        scope.kind(),
        scope.value(),
        declared.description(),
        true,
        inject(declared),
        false,
        declared.updatedAt().toString());
  }

  /// Where the caller's value of a key comes from.
  public record SourceJson(String key, String scope, @Nullable String scopeValue) {

    static SourceJson of(EnvConfig config) {
      String value = config.scope().value();
      return new SourceJson(config.key(), config.scope().kind(), value.isEmpty() ? null : value);
    }
  }
}
