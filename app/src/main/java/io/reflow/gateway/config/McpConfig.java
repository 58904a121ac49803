package io.reflow.gateway.config;

import java.time.Duration;
import java.util.Optional;

/// The `mcp` section: how targets are put together and how long anything may take.
public record McpConfig(
    Naming naming,
    Lists list,
    Optional<String> instructions,
    Timeouts timeout,
    DataSize maxUpstreamMessageSize) {

  static final McpConfig DEFAULTS =
      new McpConfig(
          new Naming(Prefix.ALWAYS, "_", 128),
          new Lists(5000, Duration.ofSeconds(60), Duration.ofSeconds(10), Duration.ofMinutes(10)),
          Optional.empty(),
          new Timeouts(
              Duration.ofSeconds(5),
              Duration.ofSeconds(10),
              Duration.ofSeconds(10),
              Duration.ofSeconds(120),
              Duration.ofMinutes(30)),
          DataSize.ofMebibytes(32));

  /// How tools and prompts are named: `<target><delimiter><name>`.
  public record Naming(Prefix prefix, String delimiter, int maxLength) {}

  /// When names carry the target's prefix.
  public enum Prefix {
    ALWAYS,
    AUTO,
    NEVER
  }

  /// How lists are paged, and how long a target's list counts as fresh: where the target announces
  /// changes, where it does not, and at most while it is away.
  public record Lists(int pageSize, Duration announcedTtl, Duration silentTtl, Duration maxStale) {}

  /// `callIdle` is the longest silence of a call, `callMax` its longest duration.
  public record Timeouts(
      Duration connect, Duration initialize, Duration list, Duration callIdle, Duration callMax) {}
}
