package io.reflow.gateway.config;

/// The `management` section: the listener for health checks and metrics, not for clients.
public record ManagementConfig(boolean enabled, String host, int port) {

  static final ManagementConfig DEFAULTS = new ManagementConfig(true, "127.0.0.1", 3001);
}
