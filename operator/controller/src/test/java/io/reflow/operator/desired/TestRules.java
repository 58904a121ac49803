package io.reflow.operator.desired;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Rules as an administrator writes them.
public final class TestRules {

  private TestRules() {}

  public static PodRules rules() {
    return new PodRules(
        new ImageRules(List.of("ghcr.io/acme")),
        Set.of("reader"),
        Set.of("gvisor"),
        Map.of("cpu", "50m", "memory", "128Mi"),
        Map.of("cpu", "1", "memory", "512Mi", "ephemeral-storage", "1Gi"),
        "reflow",
        Map.of("app.kubernetes.io/name", "reflow-gateway"),
        List.of("10.0.0.0/8", "169.254.0.0/16", "fe80::/10"),
        Duration.ofMinutes(30),
        Duration.ofHours(24));
  }
}
