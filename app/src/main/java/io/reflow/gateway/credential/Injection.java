package io.reflow.gateway.credential;

import io.reflow.gateway.config.Secret;
import java.util.Map;

/// What is injected into one instance: environment variables for a process, headers for an HTTP
/// target. `scope` says for whom they were stored, the narrowest first (`user,default`; empty when
/// there are none). `fingerprint` is equal exactly when the values are, and all else that makes the
/// instance what it is; it says nothing about them.
public record Injection(
    Map<String, Secret> environment,
    Map<String, Secret> headers,
    String scope,
    String fingerprint) {

  public Injection {
    environment = Map.copyOf(environment);
    headers = Map.copyOf(headers);
  }
}
