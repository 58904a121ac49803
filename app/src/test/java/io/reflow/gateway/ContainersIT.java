package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.reflow.gateway.testing.Commands;
import io.reflow.gateway.testing.Commands.Outcome;
import io.reflow.gateway.testing.Docker;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.RemoteGateway;
import io.reflow.gateway.testing.SpanInbox;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Builds the image as it is shipped and brings the shipped `compose.yaml` up on a real engine.
///
/// Left out is Grafana (`COMPOSE_PROFILES`): its image is not to be had wherever this runs. What
/// the gateway would send there comes to an inbox of the test. Where `uvx` can't be had either, the
/// image says so itself, and only its place is looked at.
class ContainersIT {

  private static final Duration BUILD = Duration.ofMinutes(12);
  private static final Duration STEP = Duration.ofMinutes(3);
  private static final Duration LOOK = Duration.ofSeconds(60);
  private static final long LARGEST = 300_000_000;
  private static final String OLD = "it-old";
  private static final String NEW = "it-new";

  private static final Commands HERE =
      new Commands(Docker.REPOSITORY, Map.of("DOCKER_BUILDKIT", "1"));

  @TempDir private Path folder;
  private String project;
  private int port;
  private SpanInbox inbox;
  private final List<String> files = new ArrayList<>(List.of("compose.yaml"));

  @BeforeAll
  static void build() throws InterruptedException {
    Docker.require();
    String _ = buildTarget("gateway", OLD, OLD);
    String _ = buildTarget("full", OLD, OLD + "-full");
    String _ = buildTarget("full", NEW, NEW + "-full");
  }

  private static String buildTarget(String target, String version, String tag)
      throws InterruptedException {
    return HERE.output(
        BUILD,
        "docker",
        "build",
        "--quiet",
        "--file=Containerfile",
        "--target=" + target,
        "--build-arg=VERSION=" + version,
        "--tag=reflow-gateway:" + tag,
        ".");
  }

  @AfterAll
  static void removeImages() throws InterruptedException {
    for (String tag : List.of(OLD, OLD + "-full", NEW + "-full")) {
      Outcome _ = HERE.run(LOOK, "docker", "image", "rm", "--force", "reflow-gateway:" + tag);
    }
  }

  @BeforeEach
  void choose() throws IOException {
    port = Docker.freePort();
    project = "reflow-it-" + port;
    inbox = new SpanInbox();
    Files.writeString(
        folder.resolve("env"),
        """
        COMPOSE_PROFILES=
        TELEMETRY_ENDPOINT=http://host.docker.internal:%d
        TELEMETRY_PROTOCOL=http/protobuf
        DB_PASSWORD=of-the-database
        JWT_SECRET=0123456789abcdef0123456789abcdef
        ENCRYPTION_KEY=fedcba9876543210fedcba9876543210
        GRAFANA_PASSWORD=of-grafana
        REFLOW_PORT=%d
        """
            .formatted(inbox.port(), port));
  }

  @AfterEach
  void removeContainers() throws InterruptedException {
    inbox.close();
    Outcome _ = HERE.run(STEP, compose(OLD, "down", "--volumes", "--timeout", "5"));
  }

  @Test
  void theImageIsSmallAndRunsAsNobodyInParticular() throws InterruptedException {
    String image = "reflow-gateway:" + OLD;
    assertThat(Long.parseLong(inspect(image, "{{.Size}}"))).isLessThan(LARGEST);
    assertThat(inspect(image, "{{.Config.User}}")).isEqualTo("10001:10001");
    assertThat(inspect(image, "{{json .Config.Healthcheck.Test}}")).contains("health");
    assertThat(inspect(image, "{{json .Config.Labels}}"))
        .contains("\"org.opencontainers.image.version\":\"it-old\"", "licenses\":\"MIT\"");
    assertThat(inImage(image, "id -un; command -v node npx uvx python3 curl javac || echo none"))
        .isEqualTo("reflow\nnone");
    assertThat(inImage(image + "-full", "npx --version && python3 --version && ls /usr/local/bin"))
        .contains("Python 3", "uv\nuvx");
  }

  @Test
  void theCacheFitsTheGatewayThatIsShipped() throws InterruptedException {
    // A cache that does not fit ends the JVM, as told here, before the configuration is looked at.
    Outcome outcome =
        HERE.run(
            LOOK,
            "docker",
            "run",
            "--rm",
            "--env=JDK_JAVA_OPTIONS=-XX:AOTMode=on",
            "--env=SERVER_PORT=none",
            "reflow-gateway:" + OLD);

    assertThat(outcome.output()).contains("The configuration is wrong: server.port");
    assertThat(outcome.code()).isEqualTo(2);
  }

  @Test
  void runsByItselfInAContainerThatCanNotBeChanged() throws InterruptedException {
    String container =
        HERE.output(
            LOOK,
            "docker",
            "run",
            "--detach",
            "--rm",
            "--read-only",
            "--tmpfs=/tmp",
            "--cap-drop=ALL",
            "--security-opt=no-new-privileges",
            "--publish=127.0.0.1:%d:3000".formatted(port),
            "reflow-gateway:" + OLD);
    try (var gateway = new RemoteGateway(port)) {
      UpstreamFixtures.await(
          Duration.ofMinutes(2),
          () ->
              HERE.output(LOOK, "docker", "inspect", "--format={{.State.Health.Status}}", container)
                  .equals("healthy"));
      gateway.register();
      gateway.logIn();
    } finally {
      Outcome _ = HERE.run(LOOK, "docker", "rm", "--force", "--volumes", container);
    }
  }

  @Test
  void refusesToStartWithoutSecrets() throws IOException, InterruptedException {
    Path environment = folder.resolve("env");
    String complete = Files.readString(environment);
    for (String secret :
        List.of("DB_PASSWORD", "JWT_SECRET", "ENCRYPTION_KEY", "GRAFANA_PASSWORD")) {
      Files.writeString(environment, complete.replace(secret + "=", "OTHER="));

      Outcome outcome = HERE.run(LOOK, compose(OLD, "config", "--quiet"));

      assertThat(outcome.code()).isNotZero();
      assertThat(outcome.output()).contains(secret, "is missing in .env");
    }
  }

  /// Grafana itself is not there to look.
  @Test
  void whatGrafanaIsGivenIsThere() throws IOException, InterruptedException {
    JsonNode service =
        new ObjectMapper()
            .readTree(
                HERE.output(LOOK, compose(OLD, "--profile", "grafana", "config", "--format=json")))
            .at("/services/otel-lgtm");

    assertThat(service.at("/ports/0/host_ip").textValue()).isEqualTo("127.0.0.1");
    assertThat(service.at("/ports/0/published").textValue()).isEqualTo("3002");
    List<Path> files =
        service
            .get("volumes")
            .valueStream()
            .filter(volume -> volume.get("type").textValue().equals("bind"))
            .map(volume -> Path.of(volume.get("source").textValue()))
            .toList();
    assertThat(files).hasSize(5).allMatch(Files::exists);
    assertThat(files).anyMatch(file -> file.resolve("overview.json").toFile().exists());
    assertThat(Files.readString(Docker.REPOSITORY.resolve("container/grafana/dashboards.yaml")))
        .contains("path: " + target(service, "chart/dashboards"));
    assertThat(Files.readString(Docker.REPOSITORY.resolve("container/grafana/prometheus.yaml")))
        .contains("- " + target(service, "chart/alerts") + "/*.yaml");
  }

  private static String target(JsonNode service, String source) {
    return service
        .get("volumes")
        .valueStream()
        .filter(volume -> volume.get("source").textValue().endsWith(source))
        .map(volume -> volume.get("target").textValue())
        .findFirst()
        .orElseThrow();
  }

  @Test
  void keepsItsDataOverRestartsAndUpgrades() throws InterruptedException {
    String _ = HERE.output(STEP, compose(OLD, "up", "--detach", "--wait", "--no-build"));
    assertThat(HERE.output(LOOK, compose(OLD, "port", "gateway", "3000")))
        .isEqualTo("127.0.0.1:" + port);
    assertThat(HERE.output(LOOK, compose(OLD, "ps", "--format={{.Publishers}}", "postgres")))
        .doesNotContain("127.0.0.1", "0.0.0.0");
    mayDoNothingToItsContainer();
    leavesNoZombies();
    try (var gateway = new RemoteGateway(port)) {
      gateway.register();
      gateway.logIn();
      putServerBehind(gateway);
      assertThat(echo(gateway, "before")).isEqualTo("Echo: before");
      String trace = recorded(gateway, 1);
      UpstreamFixtures.await(() -> inbox.has(trace));

      String _ = HERE.output(STEP, compose(OLD, "restart", "gateway"));
      String _ = HERE.output(STEP, compose(OLD, "up", "--detach", "--wait", "--no-build"));
      gateway.logIn();
      assertThat(echo(gateway, "restarted")).isEqualTo("Echo: restarted");
      String _ = recorded(gateway, 2);

      String _ = HERE.output(STEP, compose(NEW, "up", "--detach", "--wait", "--no-build"));
      assertThat(HERE.output(LOOK, compose(NEW, "ps", "--format={{.Image}}", "gateway")))
          .isEqualTo("reflow-gateway:it-new-full");
      gateway.logIn();
      assertThat(echo(gateway, "upgraded")).isEqualTo("Echo: upgraded");
      String _ = recorded(gateway, 3);

      files.add("compose.isolated.yaml");
      String _ = HERE.output(STEP, compose(NEW, "up", "--detach", "--wait", "--no-build"));
      gateway.logIn();
      assertThat(echo(gateway, "isolated")).isEqualTo("Echo: isolated");
      String _ = recorded(gateway, 4);
      serversHaveUsersOfTheirOwn();
    }

    String _ = HERE.output(STEP, compose(NEW, "down"));
    assertThat(
            HERE.output(
                LOOK,
                "docker",
                "ps",
                "--all",
                "--quiet",
                "--filter=label=com.docker.compose.project=" + project))
        .isEmpty();
  }

  private void mayDoNothingToItsContainer() throws InterruptedException {
    assertThat(
            inGateway(
                """
                id -u
                grep -h CapEff /proc/1/status
                grep -h NoNewPrivs /proc/1/status
                touch /opt/reflow/file 2>/dev/null || echo read-only
                """))
        .isEqualTo("10001\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\nread-only");
  }

  /// Processes whose parents are gone become those of the gateway, which is the first process.
  private void leavesNoZombies() throws InterruptedException {
    assertThat(inGateway("for i in 1 2 3; do (setsid sleep 0.1 &); done; echo started"))
        .isEqualTo("started");
    UpstreamFixtures.await(() -> !inGateway("cat /proc/[0-9]*/comm").contains("sleep"));
  }

  private static void putServerBehind(RemoteGateway gateway) {
    JsonNode target =
        gateway.post(
            "/api/targets",
            """
            {"name":"everything","transport_type":"stdio",
             "command":"npx","args":["-y","@modelcontextprotocol/server-everything@2026.8.31"]}
            """);
    JsonNode _ =
        gateway.post(
            "/api/policies",
            """
            {"name":"All may echo","target_id":"%s","resource_type":"tool",
             "resource_pattern":"echo","effect":"allow","priority":1,
             "subjects":[{"subject_type":"everyone"}]}
            """
                .formatted(target.get("id").textValue()));
  }

  /// What the server has to say; until it is installed and started, calls are refused for that.
  private static String echo(RemoteGateway gateway, String message) throws InterruptedException {
    McpTestClient client = gateway.client().initialize();
    AtomicReference<McpTestClient.Reply> reply = new AtomicReference<>();
    UpstreamFixtures.await(
        Duration.ofMinutes(3),
        () -> {
          reply.set(client.callTool("everything_echo", Map.of("message", message)));
          return !reply.get().answer().at("/error/message").asText().endsWith("still starting");
        });
    return reply.get().result().at("/content/0/text").textValue();
  }

  /// Rows get to the database a moment after the answer.
  ///
  /// @return the trace of the last one
  private static String recorded(RemoteGateway gateway, int calls) throws InterruptedException {
    String path = "/api/logs?method=tools/call&outcome=allowed";
    UpstreamFixtures.await(() -> gateway.get(path).size() == calls);
    return gateway.get(path).at("/0/trace_id").textValue();
  }

  private void serversHaveUsersOfTheirOwn() throws InterruptedException {
    String container = HERE.output(LOOK, compose(NEW, "ps", "--quiet", "gateway"));
    String users = HERE.output(LOOK, "docker", "top", container, "-eo", "uid,pid,args");
    assertThat(users.lines().filter(it -> it.contains("mcp-server-everything")))
        .isNotEmpty()
        .allMatch(it -> it.strip().matches("4\\d{4} .*"));
  }

  private String inGateway(String script) throws InterruptedException {
    return HERE.output(LOOK, compose(OLD, "exec", "--no-TTY", "gateway", "bash", "-c", script));
  }

  private static String inImage(String image, String script) throws InterruptedException {
    return HERE.output(LOOK, "docker", "run", "--rm", "--entrypoint=bash", image, "-c", script);
  }

  private static String inspect(String image, String format) throws InterruptedException {
    return HERE.output(LOOK, "docker", "image", "inspect", "--format=" + format, image);
  }

  private String[] compose(String version, String... arguments) {
    List<String> command = new ArrayList<>(List.of("env", "REFLOW_VERSION=" + version));
    command.addAll(List.of("docker", "compose", "--project-name", project));
    command.addAll(List.of("--env-file", folder.resolve("env").toString()));
    files.forEach(file -> command.addAll(List.of("--file", file)));
    command.addAll(List.of(arguments));
    return command.toArray(String[]::new);
  }
}
