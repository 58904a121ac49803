package io.reflow.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.helidon.dbclient.DbRow;
import io.reflow.gateway.database.Columns;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.FakeMcpServer.Script;
import io.reflow.gateway.testing.GatewayProcess;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.OtlpReceiver;
import io.reflow.gateway.testing.SecretScanner;
import io.reflow.gateway.testing.StdioServer;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A gateway that is a process of its own is used for all that it can do, and for much that it
/// can't, with a secret wherever one can be; then everything that comes out of it is searched.
class SecretScanIT {

  private static final String OWN_TOKEN = "t0ken-of-the-user-himself";
  private static final String DEFAULT_TOKEN = "t0ken-of-everybody-else";
  private static final String CHILD_SECRET = "s3cret-of-the-child-process";
  private static final String HEADER_SECRET = "s3cret-in-another-header";
  private static final String UNUSED_SECRET = "s3cret-that-is-sent-nowhere";
  private static final String REFUSED_SECRET = "s3cret-that-was-not-accepted";
  private static final String URL_SECRET = "s3cret-in-the-url-of-a-group";
  private static final String WRONG_PASSWORD = "wr0ng-but-nearly-the-password";
  private static final String COLLECTOR_SECRET = "s3cret-of-the-collector-alone";
  private static final String ARGUMENT = "pr1vate-argument-of-a-call";

  private static final SecretScanner SCANNER = new SecretScanner();
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final Map<String, String> BODIES = new LinkedHashMap<>();

  @TempDir private static Path folder;

  private static OtlpReceiver collector;
  private static FakeMcpServer web;
  private static TestGateway beside;
  private static GatewayProcess gateway;
  private static URI metrics;
  private static String admin;

  @BeforeAll
  static void useEverything() throws IOException, InterruptedException {
    collector = new OtlpReceiver();
    web = new FakeMcpServer().list("echo", "leak", "deny");
    beside = TestGateway.start();
    admin = beside.adminToken();
    gateway =
        new GatewayProcess(
            beside,
            folder,
            Map.of(
                "LOGGING_LEVEL",
                "trace",
                "TELEMETRY_ENABLED",
                "true",
                "TELEMETRY_PROTOCOL",
                "http/protobuf",
                "TELEMETRY_ENDPOINT",
                collector.url("http/protobuf").toString(),
                "TELEMETRY_HEADERS",
                "authorization: Bearer " + COLLECTOR_SECRET,
                "TELEMETRY_AUDIT",
                "true",
                "TELEMETRY_SAMPLING_RATIO",
                "1",
                "TELEMETRY_INTERVAL",
                "50ms"));
    metrics = URI.create("http://127.0.0.1:%d/metrics".formatted(gateway.managementPort()));
    SCANNER
        .plant("the signing secret", TestGateway.JWT_SECRET)
        .plant("the encryption key", TestGateway.ENCRYPTION_KEY)
        .plant("the database's password", beside.database().address().password().reveal())
        .plant("the admin's login token", admin)
        .plant("the password", TestGateway.PASSWORD)
        .plant("a wrong password", WRONG_PASSWORD)
        .plant("the user's own target token", OWN_TOKEN)
        .plant("the default target token", DEFAULT_TOKEN)
        .plant("a child's secret", CHILD_SECRET)
        .plant("a header's secret", HEADER_SECRET)
        .plant("an unused secret", UNUSED_SECRET)
        .plant("a refused secret", REFUSED_SECRET)
        .plant("a secret URL", URL_SECRET)
        .plant("the collector's secret", COLLECTOR_SECRET)
        .plant("a private argument", ARGUMENT);
    use();
  }

  private static void use() throws IOException, InterruptedException {
    String user = beside.userToken("user@example.com", "dev", "blue");
    String api = beside.apiToken(user, "laptop");
    SCANNER.plant("the user's login token", user).plant("the user's API token", api);
    String http = target("web", web.url(), "streamable-http");
    String sse = target("old", web.sseUrl(), "sse");
    String child =
        beside.target("child", StdioServer.command("echo", "environment", "exit", "whoami"));
    for (String target : List.of(http, sse, child)) {
      beside.allow(target, user);
    }
    secrets(http, sse, child, user);
    web.script("leak", Script.respond(500, "text/plain", "your token is " + OWN_TOKEN));
    web.script("deny", Script.respond(401, "text/plain", "not this: " + DEFAULT_TOKEN));
    call(user, http);
    call(api, http);
    read(http, sse, child, user);
    misuse(http, user);
    beside.row("method=tools/call", row -> row.get("target_name").asText().equals("child"));
    UpstreamFixtures.await(() ->
        collector.spans().stream().anyMatch(span -> span.getName().equals("tools/call echo"))
            && collector.logs().stream()
                .anyMatch(log -> log.getEventName().equals("reflow.audit")));
  }

  private static String target(String name, URI url, String transport) {
    return beside.target(
        name,
        Map.of(
            "transport_type",
            transport,
            "url",
            url.toString(),
            "auth_type",
            "bearer",
            "isolation_boundary",
            "per_user"));
  }

  private static void secrets(String http, String sse, String child, String user)
      throws IOException, InterruptedException {
    for (String target : List.of(http, sse)) {
      String path = "/api/targets/" + target;
      send("PUT", path + "/tokens/default", admin, Map.of("token", DEFAULT_TOKEN), 204);
      send("PUT", path + "/token", user, Map.of("token", OWN_TOKEN), 204);
      send(
          "POST",
          path + "/env/role/dev",
          admin,
          Map.of("key", "X", "value", HEADER_SECRET, "inject", "header:X-Secret"),
          201);
      put(path + "/env/default", "UNUSED", UNUSED_SECRET);
    }
    put(
        "/api/targets/" + http + "/env/group/amber",
        "BASE_URL",
        "http://mcp.example.com/" + URL_SECRET);
    put("/api/targets/" + child + "/env/default", "TOKEN", CHILD_SECRET);
    put("/api/targets/" + child + "/env/default", "GREETING", CHILD_SECRET);
  }

  private static void put(String path, String key, String value)
      throws IOException, InterruptedException {
    send("POST", path, admin, Map.of("key", key, "value", value), 201);
  }

  private static void call(String token, String target) {
    McpTestClient client = gateway.client(token).initialize();
    SCANNER.plant("the id of session " + target + token.length(), client.session().orElseThrow());
    client.toolNames();
    for (String tool :
        List.of("web_echo", "old_echo", "web_leak", "old_leak", "web_deny", "child_echo")) {
      // An echo comes back to who called: that is no leak.
      var _ = client.callTool(tool, Map.of("x", ARGUMENT));
    }
    // Right after the first one it has to wait before it is started again.
    String exit = client.callTool("child_exit", Map.of()).body();
    String _ = BODIES.putIfAbsent("an exit", exit);
    BODIES.put("an unknown tool", client.callTool("web_no_such", Map.of()).body());
    BODIES.put("a leaking server", client.callTool("web_leak", Map.of()).body());
    BODIES.put("a refusing server", client.callTool("web_deny", Map.of()).body());
    BODIES.put("garbage", client.post("{\"jsonrpc\":").body());
    BODIES.put("an unknown method", client.request("no/such", Map.of()).body());
  }

  private static void read(String http, String sse, String child, String user)
      throws IOException, InterruptedException {
    for (String target : List.of(http, sse, child)) {
      for (String path : List.of("", "/env", "/env/default", "/env/resolve", "/tokens", "/token")) {
        send("GET", "/api/targets/" + target + path, admin, Map.of(), 200);
      }
      send("GET", "/api/targets/" + target + "/instances", admin, Map.of(), 200);
      send("POST", "/api/targets/" + target + "/probe", admin, Map.of(), 200);
    }
    for (String path :
        List.of("/api/targets", "/api/users", "/api/sessions", "/api/policies", "/api/auth/me")) {
      send("GET", path, admin, Map.of(), 200);
    }
    send("GET", "/api/logs?limit=500", user, Map.of(), 200);
    send("POST", "/api/admin/encryption/rotate", admin, Map.of(), 202);
    BODIES.put("metrics", ask("GET", metrics, "", Map.of()).body());
  }

  private static void misuse(String http, String user) throws IOException, InterruptedException {
    String path = "/api/targets/" + http;
    send(
        "POST",
        "/api/auth/login",
        "",
        Map.of("email", "user@example.com", "password", WRONG_PASSWORD),
        401);
    send("POST", "/api/auth/register", "", Map.of("password", WRONG_PASSWORD), 400);
    send("PUT", path + "/token", user, Map.of("token", REFUSED_SECRET + "\n"), 400);
    send("PUT", path + "/token", user, Map.of("tokken", REFUSED_SECRET), 400);
    send("POST", path + "/env/default", user, Map.of("key", "K", "value", REFUSED_SECRET), 403);
    for (String key : List.of("TIMEOUT", "BASE_URL", "AUTH_HEADER", "NO-KEY")) {
      send(
          "POST",
          path + "/env/default",
          admin,
          Map.of("key", key, "value", "a b/" + REFUSED_SECRET),
          400);
    }
    send(
        "POST",
        "/api/targets/import",
        admin,
        Map.of(
            "mcpServers",
            Map.of("x", Map.of("url", "https://u:%s@example.com/".formatted(REFUSED_SECRET)))),
        400);
    send("GET", "/api/targets", user + "x", Map.of(), 401);
    BODIES.put(
        "a token in the query", ask("GET", uri("/api/users?token=" + user), "", Map.of()).body());
  }

  private static URI uri(String path) {
    return gateway.uri(path);
  }

  private record Asked(int status, String body) {}

  private static void send(
      String method, String path, String token, Map<String, ?> body, int expected)
      throws IOException, InterruptedException {
    Asked asked = ask(method, uri(path), token, body);
    assertThat(asked.status()).as(method + " " + path + ": " + asked.body()).isEqualTo(expected);
    BODIES.put("the answer to %s %s (%d)".formatted(method, path, BODIES.size()), asked.body());
  }

  private static Asked ask(String method, URI uri, String token, Map<String, ?> body)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .timeout(Duration.ofSeconds(60))
            .method(
                method,
                method.equals("GET") || body.isEmpty()
                    ? BodyPublishers.noBody()
                    : BodyPublishers.ofString(TestGateway.json(body)));
    if (!body.isEmpty()) {
      request.header("Content-Type", "application/json");
    }
    if (!token.isEmpty()) {
      request.header("Authorization", "Bearer " + token);
    }
    var response = HTTP.send(request.build(), BodyHandlers.ofString());
    return new Asked(response.statusCode(), response.headers().map() + response.body());
  }

  @AfterAll
  static void stop() throws InterruptedException {
    HTTP.shutdownNow();
    gateway.close();
    collector.close();
    beside.close();
    web.close();
  }

  /// All that can be read from outside of the gateway's memory.
  private static Map<String, String> everything() throws IOException {
    Map<String, String> all = new HashMap<>(BODIES);
    all.put("the log", Files.readString(log()));
    all.put("the collector", collector.text());
    all.put("ps", commandLines());
    all.put("the database", tables());
    try (Stream<Path> files = Files.walk(folder.resolve("data"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        all.put(file.toString(), Files.readString(file, ISO_8859_1));
      }
    }
    return all;
  }

  private static Path log() {
    return folder.resolve("output");
  }

  private static String commandLines() throws IOException {
    var ps =
        new ProcessBuilder("ps", "-eww", "-o", "pid,user,args").redirectErrorStream(true).start();
    try (var output = ps.getInputStream()) {
      return new String(output.readAllBytes(), UTF_8);
    }
  }

  private static String tables() {
    return beside
        .database()
        .database()
        .run(db -> {
          StringBuilder all = new StringBuilder();
          List<String> names;
          try (Stream<DbRow> rows =
              db.query("select tablename from pg_tables where schemaname = 'public'")) {
            names = rows.map(row -> Columns.text(row, "tablename")).toList();
          }
          for (String name : names) {
            // What is encrypted stands there as hexadecimal digits, which the scanner reads too.
            try (Stream<DbRow> rows =
                db.query("select cast(each as text) as line from %s as each".formatted(name))) {
              all.append(
                  rows.map(row -> Columns.text(row, "line")).collect(Collectors.joining("\n")));
            }
          }
          return all.toString();
        });
  }

  @Test
  void noSecretIsAnywhere() throws IOException {
    Map<String, String> all = everything();

    assertThat(SCANNER.scan(all)).isEmpty();
    assertThat(all.get("the log")).contains("The gateway is listening", "TRACE");
    assertThat(all.get("the database"))
        .contains("initialize", "tools/call", "user@example.com", "user,role");
    assertThat(all.get("the collector"))
        .contains("process start", "credentials", "reflow.audit", "The gateway is listening");
    assertThat(collector.headers()).allMatch(head -> head.toString().contains(COLLECTOR_SECRET));
    assertThat(all.get("ps")).contains(Main.class.getName());
    assertThat(all.get("metrics")).contains("reflow");
    assertThat(all.get("an exit")).contains("exited with code 3");
    assertThat(all.get("a leaking server")).contains("HTTP 500");
  }

  /// The secrets did leave, to where they belong.
  @Test
  void secretsWereInUse() {
    assertThat(web.received())
        .anyMatch(received -> received.headers().toString().contains(OWN_TOKEN))
        .anyMatch(received -> received.headers().toString().contains(HEADER_SECRET))
        .noneMatch(received -> received.toString().contains(UNUSED_SECRET));
  }

  @Test
  void leakIsFoundWhereverItIs() throws IOException, InterruptedException {
    Files.writeString(log(), "oops " + OWN_TOKEN, StandardOpenOption.APPEND);
    Path file = Files.writeString(folder.resolve("data").resolve("leak"), CHILD_SECRET);
    beside.database().execute("create table leak as select '%s' as it".formatted(admin));
    Process process =
        new ProcessBuilder("sh", "-c", "read x", "sh", TestGateway.ENCRYPTION_KEY).start();
    BODIES.put("an answer", TestGateway.json(Map.of("error", HEADER_SECRET)));
    try {
      UpstreamFixtures.await(() -> commandLines().contains("read x"));

      assertThat(SCANNER.scan(everything()))
          .containsExactlyInAnyOrder(
              "the user's own target token in the log",
              "a child's secret in " + file,
              "the admin's login token in the database",
              "the encryption key in ps",
              "a header's secret in an answer");
    } finally {
      process.destroyForcibly().waitFor();
      BODIES.remove("an answer");
      beside.database().execute("drop table leak");
      Files.delete(file);
      String log = Files.readString(log());
      Files.writeString(log(), log.replace("oops " + OWN_TOKEN, ""));
    }
  }
}
