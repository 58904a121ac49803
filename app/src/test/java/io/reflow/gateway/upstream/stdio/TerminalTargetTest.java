package io.reflow.gateway.upstream.stdio;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.reflow.gateway.config.StdioConfig;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.instance.LastLines;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.testing.BufferingServers;
import io.reflow.gateway.testing.Processes;
import io.reflow.gateway.testing.StdioServer;
import io.reflow.gateway.testing.UpstreamFixtures;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.Listener;
import io.reflow.gateway.upstream.Opening;
import io.reflow.gateway.upstream.Upstream;
import io.reflow.gateway.upstream.era.Era;
import io.reflow.gateway.upstream.era.Eras;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is particular to a process on a terminal.
final class TerminalTargetTest {

  @TempDir private Path folder;

  private final LastLines lines = new LastLines(200);
  private Spawner spawner;

  @BeforeEach
  void startSpawner() {
    spawner = new Spawner(UpstreamFixtures.STDIO, folder, "terminals");
  }

  private Upstream open(Transport.Stdio transport, Duration startTimeout)
      throws InterruptedException {
    StdioConfig usual = UpstreamFixtures.STDIO;
    var config =
        new StdioConfig(
            10,
            10,
            10,
            startTimeout,
            usual.probeTimeout(),
            usual.idleTimeout(),
            usual.maxLifetime(),
            Duration.ofMillis(300),
            200);
    Target target = UpstreamFixtures.target("fake", transport);
    Eras eras = UpstreamFixtures.eras();
    eras.learn(target, Era.INITIALIZE);
    return new StdioDial(config, UpstreamFixtures.MCP, "0", eras, spawner)
        .open(
            transport,
            new Opening(
                target,
                UpstreamFixtures.shared(target),
                UpstreamFixtures.NO_INJECTION,
                Listener.NONE,
                lines));
  }

  private Upstream openOnTerminal(Transport.Stdio transport) throws InterruptedException {
    return open(UpstreamFixtures.onTerminal(transport), Duration.ofSeconds(20));
  }

  private static String call(Upstream upstream, String tool, String arguments)
      throws InterruptedException {
    Answer answer = upstream.call(UpstreamFixtures.toolCall(tool, arguments), Caller.SILENT);
    return ((Answer.Result) answer).result().toString();
  }

  @AfterEach
  void nothingIsLeft() {
    spawner.close();
    assertThat(Processes.children()).isZero();
  }

  @Test
  void aLineOfAMegabytePassesInBothDirections() throws InterruptedException {
    String text = "{\"text\":\"" + "ü\\u0004\\u0003\\u0011 ".repeat(48_000) + "\"}";

    try (Upstream upstream = openOnTerminal(UpstreamFixtures.stdio(StdioServer.command()))) {
      assertThat(call(upstream, "echo", text)).isEqualTo("{\"echo\":" + text + "}");
    }
    assertThat(text.getBytes(UTF_8)).hasSizeGreaterThan(1_000_000);
  }

  @Test
  void theErrorOutputStaysApart() throws InterruptedException {
    var transport =
        UpstreamFixtures.shell(
            """
            read line
            [ -t 0 ] && [ -t 1 ] && ! [ -t 2 ] && echo apart >&2
            printf '%s\\n' '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25",\
            "capabilities":{},"serverInfo":{"name":"f","version":"1"}}}'
            while read line; do :; done
            echo input ended >&2
            """);

    try (Upstream upstream = openOnTerminal(transport)) {
      assertThat(upstream.alive()).isTrue();
    }

    UpstreamFixtures.await(() -> lines.toList().size() >= 2);
    assertThat(lines.toList()).containsExactly("apart", "input ended");
  }

  @Test
  void closesWhatItOpened() throws InterruptedException {
    openOnTerminal(UpstreamFixtures.stdio(StdioServer.command())).close();
    long before = Processes.openDescriptors();

    for (int i = 0; i < 5; i++) {
      openOnTerminal(UpstreamFixtures.stdio(StdioServer.command())).close();
    }

    UpstreamFixtures.await(() -> Processes.openDescriptors() <= before);
  }

  @Test
  void aProcessThatDoesNotReadItsTerminalIsEnded() throws InterruptedException {
    var transport =
        UpstreamFixtures.shell(
            """
            read line
            printf '%s\\n' '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25",\
            "capabilities":{},"serverInfo":{"name":"f","version":"1"}}}'
            exec sleep 1000
            """);

    try (Upstream upstream = openOnTerminal(transport)) {
      var call =
          UpstreamFixtures.within(
              UpstreamFixtures.toolCall("echo", "\"" + "x".repeat(300_000) + "\""),
              Duration.ofMillis(300),
              Duration.ofSeconds(20));

      assertThatThrownBy(() -> upstream.call(call, Caller.SILENT))
          .isInstanceOf(UpstreamFailed.class);
    }
  }

  @Test
  void aStartThatFailsLeavesNothingOpen() throws InterruptedException {
    fail();
    long before = Processes.openDescriptors();

    for (int i = 0; i < 5; i++) {
      fail();
    }

    UpstreamFixtures.await(() -> Processes.openDescriptors() <= before);
  }

  private void fail() {
    assertThatThrownBy(() -> openOnTerminal(UpstreamFixtures.shell("echo no database >&2; exit 7")))
        .isInstanceOf(UpstreamFailed.class)
        .hasMessage("target 'fake' exited with code 7: no database");
  }

  @Test
  void aProgramInPythonThatKeepsItsOutputBackWorksOnATerminalOnly() throws InterruptedException {
    assumeTrue(Programs.find("python3", System.getenv("PATH")).isPresent(), "there is no python3");

    worksOnATerminalOnly(BufferingServers.python(folder));
  }

  @Test
  void aProgramInCThatKeepsItsOutputBackWorksOnATerminalOnly() throws InterruptedException {
    assumeTrue(Programs.find("cc", System.getenv("PATH")).isPresent(), "there is no C compiler");

    worksOnATerminalOnly(BufferingServers.c(folder));
  }

  private void worksOnATerminalOnly(List<String> command) throws InterruptedException {
    Transport.Stdio transport = UpstreamFixtures.stdio(command);

    try (Upstream upstream = openOnTerminal(transport)) {
      assertThat(call(upstream, "echo", "{}")).contains("hello");
    }
    assertThatThrownBy(() -> open(transport, Duration.ofSeconds(1)))
        .isInstanceOf(UpstreamFailed.class)
        .hasMessageContaining("did not answer within 1");
  }
}
