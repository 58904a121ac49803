package io.reflow.gateway.testing;

import io.reflow.gateway.config.DataSize;
import io.reflow.gateway.config.GatewayConfig;
import io.reflow.gateway.config.McpConfig;
import io.reflow.gateway.config.Secret;
import io.reflow.gateway.config.StdioConfig;
import io.reflow.gateway.credential.Injection;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.instance.InstanceKey.Sharing;
import io.reflow.gateway.instance.LastLines;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.target.AddressRules;
import io.reflow.gateway.target.Isolation;
import io.reflow.gateway.target.OwnPlaces;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.target.UpstreamAuth;
import io.reflow.gateway.upstream.Listener;
import io.reflow.gateway.upstream.Opening;
import io.reflow.gateway.upstream.UpstreamCall;
import io.reflow.gateway.upstream.era.Eras;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.Callable;

/// Targets, calls and settings for tests of upstreams.
public final class UpstreamFixtures {

  public static final Injection NO_INJECTION = new Injection(Map.of(), Map.of(), "", "none");

  /// One that can be asked for everything.
  public static final ClientCapabilities ABLE_CLIENT =
      new ClientCapabilities(true, false, true, true, true, true, true, Optional.empty());

  public static final StdioConfig STDIO =
      new StdioConfig(
          400,
          400,
          20,
          Duration.ofMinutes(2),
          Duration.ofSeconds(10),
          Duration.ofMinutes(10),
          Duration.ofHours(24),
          Duration.ofSeconds(2),
          200);

  public static final McpConfig MCP =
      new McpConfig(
          GatewayConfig.DEFAULTS.mcp().naming(),
          GatewayConfig.DEFAULTS.mcp().list(),
          Optional.empty(),
          GatewayConfig.DEFAULTS.mcp().timeout(),
          GatewayConfig.DEFAULTS.mcp().inputTimeout(),
          DataSize.ofMebibytes(1),
          GatewayConfig.DEFAULTS.mcp().sse(),
          GatewayConfig.DEFAULTS.mcp().extras());

  /// As they are by default, for a gateway that listens nowhere.
  public static final AddressRules ADDRESSES = new AddressRules(true, new OwnPlaces(List::of));

  private UpstreamFixtures() {}

  /// Eras of targets that nobody knows yet, and that nobody keeps.
  public static Eras eras() {
    return new Eras(_ -> {}, InstantSource.system());
  }

  public static Target target(String name, Transport transport) {
    return new Target(
        new TargetId(UUID.randomUUID()),
        name,
        transport,
        Isolation.SHARED,
        new UpstreamAuth.None(),
        0,
        Optional.empty(),
        Optional.empty(),
        true,
        1);
  }

  public static Transport.Stdio stdio(List<String> command) {
    return new Transport.Stdio(command.getFirst(), command.subList(1, command.size()));
  }

  public static Transport.Stdio shell(String script) {
    return new Transport.Stdio("sh", List.of("-c", script));
  }

  /// The same process, but on a terminal.
  public static Transport.Stdio onTerminal(Transport.Stdio transport) {
    return new Transport.Stdio(transport.command(), transport.arguments(), true);
  }

  public static InstanceKey shared(Target target) {
    return new InstanceKey(target.id(), new Sharing.Everyone());
  }

  /// For one user, whose client can do everything.
  public static Opening ownOpening(Target target, Listener listener) {
    var key =
        new InstanceKey(
            target.id(),
            new Sharing.User(new UserId(UUID.randomUUID())),
            Optional.empty(),
            ABLE_CLIENT);
    return new Opening(target, key, NO_INJECTION, listener, new LastLines(200));
  }

  public static Opening opening(Target target, Listener listener) {
    return new Opening(target, shared(target), NO_INJECTION, listener, new LastLines(200));
  }

  public static Injection environment(String name, String value) {
    return new Injection(
        Map.of(name, new Secret(value)), Map.of(), "default", name + value.hashCode());
  }

  public static UpstreamCall toolCall(String tool, String arguments) {
    return new UpstreamCall(
        "tools/call",
        RawJson.of("{\"name\":\"" + tool + "\",\"arguments\":" + arguments + "}"),
        OptionalLong.empty(),
        Duration.ofSeconds(20),
        Duration.ofMinutes(1));
  }

  public static UpstreamCall progressCall(long token, int count) {
    return new UpstreamCall(
        "tools/call",
        RawJson.of(
            ("{\"name\":\"progress\",\"_meta\":{\"progressToken\":%d},"
                    + "\"arguments\":{\"count\":%d}}")
                .formatted(token, count)),
        OptionalLong.of(token),
        Duration.ofSeconds(20),
        Duration.ofMinutes(1));
  }

  public static UpstreamCall within(UpstreamCall call, Duration idle, Duration longest) {
    return new UpstreamCall(call.method(), call.params(), call.progressToken(), idle, longest);
  }

  /// Waits until something is so, and fails when it is not within a minute: a busy machine may take
  /// long for what is a matter of milliseconds.
  public static void await(Callable<Boolean> condition) throws InterruptedException {
    await(Duration.ofMinutes(1), condition);
  }

  /// Waits until something is so that takes longer than most.
  public static void await(Duration atMost, Callable<Boolean> condition)
      throws InterruptedException {
    long deadline = System.nanoTime() + atMost.toNanos();
    while (!holds(condition)) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("it did not come about within " + atMost);
      }
      Thread.sleep(Duration.ofMillis(10));
    }
  }

  private static boolean holds(Callable<Boolean> condition) {
    try {
      return condition.call();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }
}
