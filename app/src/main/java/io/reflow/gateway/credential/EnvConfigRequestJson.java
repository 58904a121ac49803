package io.reflow.gateway.credential;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A key and its value as they are sent to be stored. Without a value it only declares the key.
///
/// @param inject `env`, or `header:` and the name of a header
public record EnvConfigRequestJson(
    @Nullable String key,
    @Nullable String value,
    @Nullable String description,
    @Nullable Boolean userSettable,
    @Nullable String inject) {

  @Override
  public String toString() {
    return "EnvConfigRequestJson[" + key + "]";
  }

  /// All values of a scope.
  public record ScopeJson(@Nullable Map<String, String> configs) {

    @Override
    public String toString() {
      return "ScopeJson[redacted]";
    }
  }
}
