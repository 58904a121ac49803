package io.reflow.gateway.config;

/// The `kubernetes` section: targets that run as pods.
public record KubernetesConfig(boolean enabled, String namespace) {

  static final KubernetesConfig DEFAULTS = new KubernetesConfig(false, "reflow");
}
