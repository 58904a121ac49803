package io.reflow.operator.testing;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import io.kubernetes.client.openapi.models.CoreV1Event;
import io.kubernetes.client.openapi.models.V1Lease;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1Pod;
import io.kubernetes.client.openapi.models.V1Secret;
import io.kubernetes.client.openapi.models.V1Service;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/// Kubernetes' own schemas, as its official Java client has them: a field that is unknown, missing
/// or of another type is a mistake.
public final class KubernetesSchemas {

  private interface Check {
    void check(JsonElement json) throws IOException;
  }

  private static final Map<String, Check> KINDS =
      Map.of(
          "Pod", V1Pod::validateJsonElement,
          "Secret", V1Secret::validateJsonElement,
          "Service", V1Service::validateJsonElement,
          "NetworkPolicy", V1NetworkPolicy::validateJsonElement,
          "Lease", V1Lease::validateJsonElement,
          "Event", CoreV1Event::validateJsonElement);

  private KubernetesSchemas() {}

  /// What is wrong with an object of a built-in kind.
  public static Optional<String> problem(String kind, String json) {
    Check check = KINDS.get(kind);
    if (check == null) {
      return Optional.of("no schema for " + kind);
    }
    try {
      check.check(JsonParser.parseString(json));
      return Optional.empty();
    } catch (IOException | IllegalArgumentException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }
}
