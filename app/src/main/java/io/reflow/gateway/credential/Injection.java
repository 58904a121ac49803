package io.reflow.gateway.credential;

import io.reflow.gateway.config.Secret;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/// What is injected into one instance: environment variables for a process, headers for an HTTP
/// target. `scope` says for whom they were stored, the narrowest first (`user,default`; empty when
/// there are none). `fingerprint` is equal exactly when the values are, and all else that makes the
/// instance what it is; it says nothing about them.
///
/// @param baseUrl where an HTTP target is reached for those who share the instance, in place of its
///   own URL
/// @param timeout the longest silence of a call to an HTTP target
public record Injection(
    Map<String, Secret> environment,
    Map<String, Secret> headers,
    Optional<URI> baseUrl,
    Optional<Duration> timeout,
    String scope,
    String fingerprint) {

  public Injection {
    environment = Map.copyOf(environment);
    headers = Map.copyOf(headers);
  }

  /// Without settings of its own.
  public Injection(
      Map<String, Secret> environment,
      Map<String, Secret> headers,
      String scope,
      String fingerprint) {
    this(environment, headers, Optional.empty(), Optional.empty(), scope, fingerprint);
  }

  /// Where a target is may be a secret too.
  @Override
  public String toString() {
    return "Injection[" + scope + "]";
  }
}
