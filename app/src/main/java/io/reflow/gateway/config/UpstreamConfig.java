package io.reflow.gateway.config;

/// The `upstream` section: how targets are reached over the network.
public record UpstreamConfig(boolean allowPrivateNetworks) {

  static final UpstreamConfig DEFAULTS = new UpstreamConfig(true);
}
