package io.reflow.gateway.upstream.stdio;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.reflow.gateway.config.McpConfig;
import io.reflow.gateway.config.StdioConfig;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.instance.InstanceKey.Sharing;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.upstream.Dial;
import io.reflow.gateway.upstream.Handshake;
import io.reflow.gateway.upstream.Opening;
import io.reflow.gateway.upstream.Patience;
import io.reflow.gateway.upstream.Upstream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/// Starts targets as child processes. A process gets its own secrets and a few harmless variables,
/// never the gateway's environment.
public final class StdioDial implements Dial<Transport.Stdio> {

  private static final List<String> INHERITED = List.of("PATH", "HOME", "LANG", "TMPDIR");

  private final StdioConfig stdio;
  private final int largestMessage;
  private final Path instances;
  private final String gatewayId;
  private final String gatewayVersion;
  private final Stragglers stragglers;
  private final Patience patience = new Patience();

  /// @param gatewayId the same in each run over the same data, so that what a killed gateway has
  ///   left behind can be found
  public StdioDial(
      StdioConfig stdio,
      McpConfig mcp,
      Path dataDir,
      String gatewayId,
      String gatewayVersion,
      Stragglers stragglers) {
    this.stdio = stdio;
    this.largestMessage = mcp.maxUpstreamMessageSize().toInt();
    this.instances = dataDir.toAbsolutePath().resolve("instances");
    this.gatewayId = gatewayId;
    this.gatewayVersion = gatewayVersion;
    this.stragglers = stragglers;
  }

  @Override
  public Upstream open(Transport.Stdio transport, Opening opening) throws InterruptedException {
    String target = opening.target().name();
    StdioUpstream upstream = start(transport, opening);
    boolean open = false;
    try {
      upstream.shakeHands(
          new Handshake(target, gatewayVersion, opening.key().capabilities()),
          stdio.startTimeout());
      open = true;
      return upstream;
    } finally {
      if (!open) {
        upstream.abort();
      }
    }
  }

  private StdioUpstream start(Transport.Stdio transport, Opening opening) {
    String target = opening.target().name();
    Map<String, String> environment = environment(opening);
    List<String> command = new ArrayList<>();
    command.add(program(transport.command(), environment, target).toString());
    command.addAll(transport.arguments());
    try {
      Child child =
          Child.start(
              command,
              environment,
              directory(opening.key()),
              gatewayId + "/" + UUID.randomUUID(),
              stragglers);
      var mask = new SecretMask(opening.injection().environment().values());
      return new StdioUpstream(
          child,
          new ErrorOutput(child.errors(), opening.lines(), mask),
          new StdioUpstream.Settings(
              target,
              opening.listener(),
              opening.key().sharing() instanceof Sharing.User,
              stdio.stopGrace(),
              largestMessage,
              patience));
    } catch (IOException | IllegalArgumentException e) {
      // The exception's text may hold arguments, the cause goes to the log only.
      throw new UpstreamFailed(target, "can't be started as a process", e);
    }
  }

  private static Map<String, String> environment(Opening opening) {
    Map<String, String> environment = new HashMap<>();
    for (String name : INHERITED) {
      String value = System.getenv(name);
      if (value != null) {
        environment.put(name, value);
      }
    }
    opening
        .injection()
        .environment()
        .forEach((name, secret) -> environment.put(name, secret.reveal()));
    return environment;
  }

  private static Path program(String command, Map<String, String> environment, String target) {
    return Programs.find(command, environment.getOrDefault("PATH", ""))
        .orElseThrow(() ->
            new UpstreamFailed(
                target,
                "can't be started: there is no program '%s' on this machine".formatted(command)));
  }

  private Path directory(InstanceKey key) throws IOException {
    String sharing = UUID.nameUUIDFromBytes(key.sharing().wireName().getBytes(UTF_8)).toString();
    Path directory = instances.resolve(key.target().toString()).resolve(sharing);
    return Files.createDirectories(
        directory,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
  }
}
