package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.StdioServer;
import io.reflow.gateway.testing.TestGateway;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/// Promise 2, credentials stay in: a client's token goes nowhere, a child gets its own variables
/// and nothing of the gateway's, and no secret value ever comes back out.
class Promise02IT {

  private static final String SECRET = "v4lue-that-nobody-may-see";

  private static final ListAppender<ILoggingEvent> LOGGED = new ListAppender<>();
  private static final Logger ROOT = logger(org.slf4j.Logger.ROOT_LOGGER_NAME);
  private static final Logger OURS = logger("io.reflow");

  private static FakeMcpServer web;
  private static TestGateway gateway;
  private static String child;
  private static McpTestClient client;

  @BeforeAll
  static void start() {
    LOGGED.start();
    ROOT.addAppender(LOGGED);
    OURS.setLevel(Level.TRACE);
    web = new FakeMcpServer();
    gateway = TestGateway.start();
    gateway.target("web", web);
    child = gateway.target("child", StdioServer.command("echo", "environment", "exit", "whoami"));
    for (String key : List.of("TOKEN", "GREETING")) {
      gateway
          .admin(
              "POST",
              "/api/targets/" + child + "/env/default",
              Map.of("key", key, "value", SECRET, "description", "for the test"))
          .require(201);
    }
    client = gateway.client(gateway.adminToken()).initialize();
  }

  private static Logger logger(String name) {
    return (Logger) LoggerFactory.getLogger(name);
  }

  /// All that was logged, at every level, with key-values and stack traces.
  private static String logged() {
    LOGGED.stop();
    try {
      return LOGGED.list.stream()
          .map(event ->
              event.getFormattedMessage()
                  + event.getKeyValuePairs()
                  + ThrowableProxyUtil.asString(event.getThrowableProxy()))
          .collect(Collectors.joining("\n"));
    } finally {
      LOGGED.start();
    }
  }

  @AfterAll
  static void stop() {
    boolean _ = ROOT.detachAppender(LOGGED);
    OURS.setLevel(null);
    gateway.close();
    web.close();
  }

  @Test
  void aChildGetsItsOwnVariablesOnly() {
    gateway.admin("POST", "/api/targets/" + child + "/restart-instances").require(200);
    JsonNode result = client.callTool("child_environment", Map.of()).result();

    assertThat(result.get("names").asText().split(","))
        .contains("TOKEN", "GREETING")
        .isSubsetOf("PATH", "HOME", "LANG", "TMPDIR", "REFLOW_INSTANCE", "TOKEN", "GREETING");
    assertThat(client.callTool("child_whoami", Map.of()).result().get("greeting").asText())
        .as("the child itself has the value")
        .isEqualTo(SECRET);
  }

  @Test
  void theClientsTokenGoesNowhere() {
    assertThat(client.callTool("web_echo", Map.of()).result()).isNotNull();

    assertThat(web.received())
        .isNotEmpty()
        .allSatisfy(received -> {
          assertThat(received.headers()).doesNotContainKeys("authorization", "cookie");
          assertThat(received.headers().toString()).doesNotContain(gateway.adminToken());
          assertThat(received.headers().toString()).doesNotContain(client.session().orElseThrow());
          assertThat(received.body()).doesNotContain(gateway.adminToken());
        });
  }

  @Test
  void noSecretComesBackOut() throws InterruptedException {
    List<String> seen = new ArrayList<>();
    seen.add(client.callTool("child_exit", Map.of()).body());
    gateway.row("method=tools/call&outcome=failed", _ -> true);
    for (String path :
        List.of(
            "/api/targets",
            "/api/targets/" + child,
            "/api/targets/" + child + "/env",
            "/api/targets/" + child + "/env/default",
            "/api/targets/" + child + "/env/resolve",
            "/api/targets/" + child + "/instances",
            "/api/policies",
            "/api/users",
            "/api/sessions",
            "/api/logs?limit=500")) {
      seen.add(gateway.admin("GET", path).require(200).body());
    }
    seen.add(gateway.admin("POST", "/api/targets/" + child + "/probe").body());
    seen.add(
        gateway
            .admin(
                "POST",
                "/api/targets/" + child + "/env/default",
                Map.of("key", "LD_PRELOAD=", "value", SECRET))
            .require(400)
            .body());
    seen.add(logged());

    assertThat(seen.getLast()).contains("The gateway is listening");
    assertThat(seen.getFirst()).contains("exited with code 3").doesNotContain("giving up");
    assertThat(String.join("\n", seen)).contains("giving up, token was ***");
    for (String text : seen) {
      assertThat(text)
          .doesNotContain(
              SECRET,
              gateway.adminToken(),
              TestGateway.PASSWORD,
              TestGateway.JWT_SECRET,
              TestGateway.ENCRYPTION_KEY);
    }
  }

  @Test
  void nothingOnDiskHoldsASecret() {
    assertThat(client.callTool("child_whoami", Map.of()).answer()).isNotNull();

    try (Stream<Path> files = Files.walk(gateway.dataDir())) {
      assertThat(files.filter(Files::isRegularFile))
          .isNotEmpty()
          .allSatisfy(file ->
              assertThat(Files.readString(file, StandardCharsets.ISO_8859_1))
                  .doesNotContain(SECRET, gateway.adminToken()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void theDatabaseHasSecretsEncryptedOnly() {
    gateway
        .database()
        .execute(
            """
            do $$ declare found text; t text; begin
              for t in select tablename from pg_tables where schemaname = 'public' loop
                execute format(
                  'select 1 from %I as r where r::text like ''%%v4lue-that%%'' limit 1', t)
                  into found;
                if found is not null then raise exception 'a secret in %', t; end if;
              end loop;
            end $$\
            """);
  }
}
