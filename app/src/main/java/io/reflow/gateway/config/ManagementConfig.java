package io.reflow.gateway.config;

/// The `management` section: the listener for health checks and metrics, not for clients.
@InUseWhen("enabled")
public record ManagementConfig(boolean enabled, String host, int port) {

  static final ManagementConfig DEFAULTS = new ManagementConfig(true, "127.0.0.1", 3001);

  public ManagementConfig {
    new Check("management").notBlank("host", host).port("port", port).orThrow();
  }
}
