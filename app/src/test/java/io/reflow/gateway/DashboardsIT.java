package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.Dashboard;
import io.reflow.gateway.testing.Dashboard.Query;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.Prometheus;
import io.reflow.gateway.testing.StatelessClient;
import io.reflow.gateway.testing.StdioServer;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A real Prometheus scrapes two replicas under a load of all kinds: every panel and every alert
/// has something to show.
class DashboardsIT {

  private static final Path RULES = Path.of("../chart/alerts/reflow-gateway.rules.yaml");
  private static final Duration LONGEST = Duration.ofMinutes(2);
  private static final Pattern COMPARED = Pattern.compile("(?s)(.*) (?:>|<|==) [0-9.]+");
  private static final Pattern ABSENT = Pattern.compile("absent\\((.*)\\)");
  private static final Map<String, String> SETTINGS =
      Map.of(
          "REPLICA_ADDRESS", "127.0.0.1",
          "REPLICA_HOST", "127.0.0.1",
          "REPLICA_PORT", "0");

  @TempDir static Path folder;

  private static FakeMcpServer web;
  private static Socket nobody;
  private static TestGateway one;
  private static TestGateway two;
  private static Prometheus prometheus;
  private static Load load;

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    web = new FakeMcpServer().list("echo", "fail", "question");
    // Taken, so that nobody else listens there.
    nobody = new Socket();
    nobody.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    one = TestGateway.start(SETTINGS);
    String open = one.target("web", web);
    one.target("local", StdioServer.command("echo"));
    one.target("fragile", StdioServer.command("exit"));
    one.target("loop", List.of("sh", "-c", "exit 1"));
    one.target(
        "down",
        TestGateway.http(URI.create("http://127.0.0.1:%d/mcp".formatted(nobody.getLocalPort()))));
    Map<String, Object> bare = new HashMap<>(TestGateway.http(web.url()));
    bare.put("auth_type", "bearer");
    one.target("bare", bare);
    String developer = one.userToken("dev@example.com", "developer");
    one.allowTool(open, "echo", developer);
    two = one.replica();
    UpstreamFixtures.await(() -> two.get("/api/auth/me", developer).status() == 200);
    prometheus = Prometheus.start(folder, RULES, List.of(managementPort(one), managementPort(two)));
    load = new Load(developer);
  }

  @AfterAll
  static void stop() throws InterruptedException {
    for (AutoCloseable each :
        Stream.of(load, prometheus, two, one, nobody, web).filter(it -> it != null).toList()) {
      close(each);
    }
  }

  private static void close(AutoCloseable each) throws InterruptedException {
    try {
      each.close();
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static String managementPort(TestGateway gateway) {
    return gateway.managementUri("/metrics").getAuthority();
  }

  /// Everything that can happen to a request, again and again.
  private static final class Load implements AutoCloseable {

    private static final Duration PAUSE = Duration.ofMillis(50);

    private final String developer;
    private final Thread thread = Thread.ofVirtual().name("load").unstarted(this::run);
    private volatile Optional<Throwable> failure = Optional.empty();
    private volatile boolean over;

    Load(String developer) {
      this.developer = developer;
      thread.start();
    }

    private void run() {
      try {
        McpTestClient admin = one.client(one.adminToken()).initialize();
        McpTestClient limited = one.client(developer).initialize();
        McpTestClient elsewhere =
            two.client(one.adminToken()).session(admin.session().orElseThrow());
        suspend();
        while (!over) {
          round(admin, limited, elsewhere);
          Thread.sleep(PAUSE);
        }
      } catch (InterruptedException | RuntimeException | AssertionError e) {
        failure = over ? Optional.empty() : Optional.of(e);
      }
    }

    private static void suspend() {
      Map<String, Object> question =
          Map.of("ask", "elicitation/create", "message", "Name?", "requestedSchema", Map.of());
      var client =
          new StatelessClient(one.client(one.adminToken())).can(Map.of("elicitation", Map.of()));
      assertThat(client.callTool("web_question", question).result().get("resultType").asText())
          .isEqualTo("input_required");
    }

    private static void round(McpTestClient admin, McpTestClient limited, McpTestClient elsewhere) {
      assertThat(admin.callTool("web_echo", Map.of()).answer().has("result")).isTrue();
      assertThat(elsewhere.callTool("local_echo", Map.of()).answer().has("result")).isTrue();
      for (String tool : List.of("web_fail", "fragile_exit", "loop_any", "down_any", "bare_echo")) {
        admin.callTool(tool, Map.of());
      }
      limited.callTool("web_echo", Map.of());
      limited.callTool("web_fail", Map.of());
      admin.request("tools/list", Map.of());
      admin.request("made/up", Map.of());
      one.client("wrong").request("ping", Map.of());
      one.post(
          "/api/auth/login",
          Optional.empty(),
          TestGateway.json(Map.of("email", "nobody@example.com", "password", "wrong password")));
    }

    void check() {
      failure.ifPresent(it -> {
        throw new AssertionError("the load has ended", it);
      });
    }

    @Override
    public void close() throws InterruptedException {
      over = true;
      thread.join();
    }
  }

  private record Asked(String what, String expression) {}

  @Test
  void everyPanelAndEveryAlertHasData() throws InterruptedException {
    List<Asked> left = new ArrayList<>(alerts());
    for (Dashboard dashboard : Dashboard.all()) {
      dashboard.queries().forEach(query -> left.add(asked(query)));
    }
    assertThat(left).hasSizeGreaterThan(60);

    long deadline = System.nanoTime() + LONGEST.toNanos();
    while (!left.isEmpty() && System.nanoTime() - deadline < 0) {
      load.check();
      left.removeIf(it -> hasData(it.expression()));
      Thread.sleep(Duration.ofMillis(250));
    }

    assertThat(left).as("queries without data").isEmpty();
  }

  private static Asked asked(Query query) {
    return new Asked(query.dashboard() + ": " + query.panel(), query.filled("10s"));
  }

  /// A number that is one: a share of nothing is none.
  private static boolean hasData(String expression) {
    return prometheus.values(expression).stream().anyMatch(Double::isFinite);
  }

  /// What the alerts look at, whether or not it is too much.
  private static List<Asked> alerts() {
    List<Asked> alerts = new ArrayList<>();
    JsonNode groups = prometheus.get("/api/v1/rules").get("data").get("groups");
    Dashboard.stream(groups)
        .flatMap(group -> Dashboard.stream(group.get("rules")))
        .forEach(rule ->
            alerts.add(new Asked(rule.get("name").asText(), looksAt(rule.get("query").asText()))));
    assertThat(alerts).hasSizeGreaterThan(10);
    return alerts;
  }

  private static String looksAt(String expression) {
    for (Pattern around : List.of(COMPARED, ABSENT)) {
      Matcher matcher = around.matcher(expression);
      if (matcher.matches()) {
        return matcher.group(1);
      }
    }
    throw new AssertionError("an alert compares with a number, or is absent(...): " + expression);
  }

  @Test
  void whatIsDownOrCrashesAlerts() throws InterruptedException {
    UpstreamFixtures.await(
        LONGEST,
        () -> {
          load.check();
          return pending().containsAll(List.of("ReflowTargetDown down", "ReflowCrashLoop loop"));
        });
    assertThat(pending()).doesNotContain("ReflowTargetDown web", "ReflowCrashLoop web");
  }

  /// The alerts whose condition holds, and their targets.
  private static List<String> pending() {
    JsonNode alerts = prometheus.get("/api/v1/alerts").get("data").get("alerts");
    return Dashboard.stream(alerts)
        .map(alert -> alert.get("labels"))
        .map(labels -> labels.get("alertname").asText() + " " + labels.path("target").asText())
        .toList();
  }

  @Test
  void everyQueryIsOne() {
    for (Dashboard dashboard : Dashboard.all()) {
      for (Query query : dashboard.queries()) {
        JsonNode formatted =
            prometheus.get("/api/v1/format_query?query=" + TestGateway.encoded(query.filled("5m")));
        assertThat(formatted.get("status").asText())
            .as(query + "\n" + formatted)
            .isEqualTo("success");
      }
    }
  }
}
