package io.reflow.gateway.config;

/// The `kubernetes` section: targets that run as pods.
@InUseWhen("enabled")
public record KubernetesConfig(boolean enabled, String namespace) {

  static final KubernetesConfig DEFAULTS = new KubernetesConfig(false, "reflow");

  public KubernetesConfig {
    new Check("kubernetes")
        .that(!enabled, "enabled", "true", "false: this version has no Kubernetes targets yet")
        .notBlank("namespace", namespace)
        .orThrow();
  }
}
