package io.reflow.gateway.config;

import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;

/// The `mcp` section: how targets are put together and how long anything may take. `inputTimeout`
/// is the longest wait for an answer of a client that is asked something.
public record McpConfig(
    Naming naming,
    Lists list,
    Optional<String> instructions,
    Timeouts timeout,
    Duration inputTimeout,
    DataSize maxUpstreamMessageSize,
    Sse sse,
    Extras extras) {

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
          Duration.ofMinutes(10),
          DataSize.ofMebibytes(32),
          new Sse(true),
          new Extras(false, false, false));

  /// How tools and prompts are named: `<target><delimiter><name>`.
  public record Naming(Prefix prefix, String delimiter, int maxLength) {

    /// With a character that no target's name has, so that a name splits in one way.
    private static final Pattern DELIMITER = Pattern.compile("(?=.*[A-Z_])[A-Za-z0-9_-]{1,8}");

    public Naming {
      new Check("mcp.naming")
          .that(
              DELIMITER.matcher(delimiter).matches(),
              "delimiter",
              "'%s'".formatted(delimiter),
              "up to 8 of A-Z a-z 0-9 _ -, with a '_' or a capital letter among them")
          .range("max-length", maxLength, 32, 1024)
          .orThrow();
    }
  }

  /// When names carry the target's prefix.
  public enum Prefix {
    ALWAYS,
    AUTO,
    NEVER
  }

  /// How lists are paged, and how long a target's list counts as fresh: where the target announces
  /// changes, where it does not, and at most while it is away.
  public record Lists(int pageSize, Duration announcedTtl, Duration silentTtl, Duration maxStale) {

    public Lists {
      new Check("mcp.list")
          .range("page-size", pageSize, 1, 100_000)
          .notNegative("announced-ttl", announcedTtl)
          .notNegative("silent-ttl", silentTtl)
          .notNegative("max-stale", maxStale)
          .orThrow();
    }
  }

  /// `callIdle` is the longest silence of a call, `callMax` its longest duration.
  public record Timeouts(
      Duration connect, Duration initialize, Duration list, Duration callIdle, Duration callMax) {

    public Timeouts {
      new Check("mcp.timeout")
          .positive("connect", connect)
          .positive("initialize", initialize)
          .positive("list", list)
          .positive("call-idle", callIdle)
          .positive("call-max", callMax)
          .atLeast("call-max", callMax, "call-idle", callIdle)
          .orThrow();
    }
  }

  /// The transport of 2024-11-05; `onMcpPath` offers it to a GET without a session too.
  public record Sse(boolean onMcpPath) {}

  /// What is off unless an admin wants it: `upstreamIdentity` tells clients which target answered,
  /// `probeResources` asks one target after the other for a resource that none lists, and
  /// `bareAppTools` lets the pages of apps call tools without their prefix.
  public record Extras(boolean upstreamIdentity, boolean probeResources, boolean bareAppTools) {}

  /// The longest wait for an answer of a client, whatever signs of life it gives.
  public Duration longestQuestion() {
    return inputTimeout.compareTo(timeout.callMax()) > 0 ? inputTimeout : timeout.callMax();
  }

  public McpConfig {
    new Check("mcp")
        .positive("input-timeout", inputTimeout)
        .size(
            "max-upstream-message-size",
            maxUpstreamMessageSize,
            DataSize.ofKibibytes(1),
            DataSize.ofMebibytes(1024))
        .orThrow();
  }
}
