package io.reflow.gateway.terminal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.config.StdioConfig.Sandbox;
import io.reflow.gateway.config.SystemUser;
import io.reflow.gateway.testing.BufferingServers;
import io.reflow.gateway.testing.Processes;
import io.reflow.gateway.testing.Sandboxes;
import io.reflow.gateway.testing.TerminalClient;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Terminals, an admin's and those of servers, in each way to contain processes.
class ContainedTerminalIT {

  @TempDir private Path folder;

  @AfterEach
  void noProcessIsLeft() throws InterruptedException {
    UpstreamFixtures.await(() -> Processes.children() == 0);
  }

  private TestGateway gateway(Sandbox sandbox) {
    Sandboxes.assume(sandbox);
    return TestGateway.start(
        Map.of(
            "TERMINAL_ENABLED",
            "true",
            "STDIO_SANDBOX",
            sandbox.wireName(),
            "STDIO_VISIBLE",
            folder.toString()));
  }

  private static TerminalClient open(TestGateway gateway, String target)
      throws InterruptedException {
    return TerminalClient.connect(gateway, target, Map.of())
        .open(gateway.adminToken(), TestGateway.PASSWORD)
        .awaitOpen();
  }

  @ParameterizedTest
  @EnumSource
  void anAdminsTerminalWorks(Sandbox sandbox) throws InterruptedException {
    try (TestGateway gateway = gateway(sandbox)) {
      String id = gateway.target("shell", TestGateway.stdio(List.of("cat")));
      gateway
          .admin(
              "POST",
              "/api/targets/" + id + "/env/default",
              Map.of("key", "GREETING", "value", "hello"))
          .require(201);
      try (TerminalClient client = open(gateway, id)) {
        client.type("echo \"[$GREETING $(stty size)]\"\n").awaitShown("[hello 24 80]");
        client.type("test -t 0 && test -t 1 && test -t 2 && echo on-$((1+1))\n").awaitShown("on-2");
        client.type("echo to-$((1+1)) > /dev/tty\n").awaitShown("to-2");
        client.type("echo again-$((1+1)) > /dev/stdout\n").awaitShown("again-2");
        client.send("{\"columns\":132,\"rows\":43}").type("stty size\n").awaitShown("43 132");
        client.type("echo ready-$((1+1)); sleep 1000\n").awaitShown("ready-2");
        // The shell may not have started the program yet.
        UpstreamFixtures.await(() ->
            client.type(new byte[] {3}).type("echo back-$((1+1))\n").shown().contains("back-2"));
        client.type("stty -echo; read word; stty echo; echo \"read-$word-$((1+1))\"\n");
        client.type("secret\n").awaitShown("read-secret-2");
        if (sandbox != Sandbox.NONE) {
          String data = gateway.dataDir().toString();
          client.type("ls '%s'; echo listed-$((1+1))\n".formatted(data)).awaitShown("listed-2");
          assertThat(client.shown()).doesNotContain("audit");
          if (SystemUser.root()) {
            client.type("echo uid-$(id -u)-\n").awaitShown("uid-4");
          }
        }
        client.type("exit 3\n");

        assertThat(client.last().get("reason").asText())
            .isEqualTo("the program exited with code 3");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void allThatRunsInATerminalEndsWithIt(Sandbox sandbox) throws InterruptedException {
    String sleep = "sleep 9" + ThreadLocalRandom.current().nextInt(10_000_000, 99_999_999);
    try (TestGateway gateway = gateway(sandbox)) {
      String id = gateway.target("shell", TestGateway.stdio(List.of("cat")));
      try (TerminalClient client = open(gateway, id)) {
        client
            .type(
                "S & setsid S & (setsid sh -c 'S & exit'); echo on-$((1+1))\n".replace("S", sleep))
            .awaitShown("on-2");
        UpstreamFixtures.await(() -> Processes.withCommandLine(sleep).size() >= 3);

        client.abort();

        UpstreamFixtures.await(() -> Processes.withCommandLine(sleep).isEmpty());
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aServerThatWantsATerminalWorks(Sandbox sandbox) throws IOException, InterruptedException {
    assumeTrue(BufferingServers.canCompile(), "there is no C compiler");
    List<String> command = BufferingServers.c(folder);
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    try (TestGateway gateway = gateway(sandbox)) {
      Map<String, Object> fields = new HashMap<>(TestGateway.stdio(command));
      fields.put("tty", true);
      String id = gateway.target("server", fields);

      JsonNode answer =
          gateway
              .client(gateway.adminToken())
              .initialize()
              .callTool("server_echo", Map.of())
              .result();

      assertThat(answer.at("/content/0/text").asText()).isEqualTo("hello from c");
      assertThat(gateway.admin("GET", "/api/targets/" + id + "/instances").json()).hasSize(1);
    }
  }
}
