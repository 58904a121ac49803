package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.CleanReply;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.FakeMcpServer.Script;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.McpTestClient.Reply;
import io.reflow.gateway.testing.RunningTime;
import io.reflow.gateway.testing.StdioServer;
import io.reflow.gateway.testing.TestGateway;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Promise 9 for targets: whatever one does wrong, its callers get an error in time that names it,
/// and calls of other targets go on.
class BadTargetsIT {

  private static final Duration DEADLINE = Duration.ofSeconds(30);

  /// Below what a bad target is given to start.
  private static final Duration SOON = Duration.ofSeconds(3);

  private static FakeMcpServer web;
  private static FakeMcpServer bad;
  private static TestGateway gateway;
  private static McpTestClient client;
  private static RunningTime time;

  @BeforeAll
  static void start() {
    time = RunningTime.start();
    web = new FakeMcpServer();
    bad =
        new FakeMcpServer()
            .list("garbage", "html", "empty", "stranger", "silent", "huge", "broken");
    bad.script("garbage", Script.respond(200, "application/json", "{\"jsonrpc\":\"2.0\",\"id\":"));
    bad.script("html", Script.respond(502, "text/html", "<html>java.lang.Exception</html>"));
    bad.script("empty", Script.respond(200, "application/json", ""));
    bad.script(
        "stranger",
        Script.respond(200, "application/json", "{\"jsonrpc\":\"2.0\",\"id\":4711,\"result\":{}}"));
    bad.script(
        "huge",
        Script.respond(
            200,
            "application/json",
            "{\"jsonrpc\":\"2.0\",\"id\":$id,\"result\":{\"a\":\"" + "x".repeat(2 << 20) + "\"}}"));
    bad.script(
        "broken",
        (exchange, _) -> {
          exchange.sendResponseHeaders(200, 1000);
          exchange.getResponseBody().write('{');
          exchange.getResponseBody().flush();
        });
    gateway =
        TestGateway.start(
            Map.of(
                "STDIO_START_TIMEOUT", "4s",
                "STDIO_STOP_GRACE", "200ms",
                "MCP_TIMEOUT_CONNECT", "10s",
                "MCP_TIMEOUT_INITIALIZE", "10s",
                "MCP_TIMEOUT_LIST", "10s",
                "MCP_TIMEOUT_CALL_IDLE", "5s",
                "MCP_TIMEOUT_CALL_MAX", "20s",
                "MCP_MAX_UPSTREAM_MESSAGE_SIZE", "1MiB"));
    gateway.target("web", web);
    gateway.target("bad", bad);
    client = gateway.client(gateway.adminToken()).initialize();
  }

  @AfterAll
  static void stop() {
    gateway.close();
    bad.close();
    web.close();
    time.close();
  }

  /// The error of a call, while others call a healthy target all the time.
  private static String errorOf(String tool) throws ExecutionException, InterruptedException {
    Duration start = time.now();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Reply> failing = threads.submit(() -> client.callTool(tool, Map.of()));
      List<Duration> healthy = new ArrayList<>();
      do {
        Duration called = time.now();
        assertThat(client.callTool("web_echo", Map.of()).result()).isNotNull();
        healthy.add(time.since(called));
      } while (!failing.isDone());
      Reply reply = CleanReply.check(failing.get());
      assertThat(time.since(start)).isLessThan(DEADLINE);
      assertThat(healthy).allMatch(took -> took.compareTo(SOON) < 0);
      assertThat(reply.status()).isEqualTo(200);
      JsonNode error = reply.error();
      assertThat(error.get("code").asInt()).isEqualTo(-32603);
      return error.get("message").asText();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "missing | no-such-program-anywhere       | there is no program 'no-such-program-anywhere'",
        "dying   | echo no licence >&2; exit 3    | exited with code 3: no licence",
        "killed  | kill -9 $$                     | was ended by signal 9",
        "mute    | sleep 1000                     | did not answer within",
        "chatty  | yes hello                      | floods its output or did not answer",
        "endless | tr '\\0' x </dev/zero          | writes a line without an end or did not answer",
        "loud    | while :; do echo hi >&2; done  | did not answer within",
        "closed  | exec >&-; sleep 1000           | closed its output"
      })
  void aChildThatNeverWorksIsNamed(String name, String script, String why)
      throws ExecutionException, InterruptedException {
    List<String> command =
        script.contains(" ") ? List.of("sh", "-c", script) : List.of(script, "argument");
    String id = gateway.target(name, command);
    try {
      String error = errorOf(name + "_echo");
      assertThat(error).startsWith("target '%s' ".formatted(name));
      assertThat(why.split(" or ", -1)).as(error).anyMatch(error::contains);

      JsonNode unavailable =
          client
              .request("tools/list", Map.of())
              .result()
              .path("_meta")
              .path("com.reflow/unavailable");
      assertThat(unavailable).hasSize(1);
      assertThat(unavailable.get(0).get("target").asText()).isEqualTo(name);
      assertThat(unavailable.get(0).get("reason").asText()).isNotBlank();
    } finally {
      gateway.admin("DELETE", "/api/targets/" + id).require(204);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "exit, exited with code 3",
    "flood, floods its output|did not answer within 5 s",
    "endless, writes a line without an end|did not answer within 5 s",
    "silent, did not answer within 5 s"
  })
  void aChildThatFailsDuringACallIsNamed(String tool, String why)
      throws ExecutionException, InterruptedException {
    String id =
        gateway.target("child", StdioServer.command("echo", "exit", "flood", "endless", "silent"));
    try {
      // A JVM takes longer to start than these deadlines allow at times.
      openChild();
      assertThat(errorOf("child_" + tool)).startsWith("target 'child' ").containsPattern(why);
    } finally {
      gateway.admin("DELETE", "/api/targets/" + id).require(204);
    }
  }

  private static void openChild() {
    Reply reply = client.callTool("child_echo", Map.of());
    for (int i = 0; i < 20 && reply.answer().has("error"); i++) {
      reply = client.callTool("child_echo", Map.of());
    }
    assertThat(reply.result()).isNotNull();
  }

  @ParameterizedTest
  @CsvSource({
    "garbage, answered with garbage",
    "html, answered with HTTP 502",
    "empty, ''",
    "stranger, answered another question",
    "silent, did not answer within 5 s",
    "huge, answered with more than 1048576 bytes",
    "broken, ''"
  })
  void aServerThatFailsDuringACallIsNamed(String tool, String why)
      throws ExecutionException, InterruptedException {
    assertThat(errorOf("bad_" + tool)).startsWith("target 'bad' ").contains(why);
  }

  @Test
  void aServerThatIsNotThereIsNamed() throws ExecutionException, InterruptedException {
    String id = gateway.target("gone", TestGateway.http(URI.create("http://127.0.0.1:9/")));
    try {
      assertThat(errorOf("gone_echo")).isEqualTo("target 'gone' can't be reached");
    } finally {
      gateway.admin("DELETE", "/api/targets/" + id).require(204);
    }
  }

  @Test
  void theFailedCallIsOnRecord() throws ExecutionException, InterruptedException {
    assertThat(errorOf("bad_html")).isNotEmpty();

    JsonNode row =
        gateway.row(
            "method=tools/call&outcome=failed&target=bad",
            found -> found.path("feature_name").asText().equals("html"));

    assertThat(row.get("error_code").asInt()).isEqualTo(-32603);
    assertThat(row.get("reason").asText()).isEqualTo("target 'bad' answered with HTTP 502");
  }
}
