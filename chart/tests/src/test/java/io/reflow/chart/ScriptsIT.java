package io.reflow.chart;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.Gateway;
import io.reflow.gateway.config.ConfigLoader;
import io.reflow.gateway.config.GatewayConfig;
import io.reflow.gateway.config.LocalSecrets;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// What the chart's short-lived pods run, as it is rendered, against a gateway.
@TestInstance(Lifecycle.PER_CLASS)
class ScriptsIT {

  private static final String EMAIL = "admin@example.com";
  private static final String PASSWORD = "it's a \"pass\\word\", $HOME `id` ü";
  private static final String TOKEN = "the-setup-token";

  /// In seconds, which the shell counts as a clock strikes them: the first may be over at once.
  private static final int HASTE = 1;

  private static final int PATIENCE = 60;

  private record Outcome(int code, String output) {}

  private final Installed installed = Cases.EVERYTHING.install();

  private final Gateway gateway;

  ScriptsIT(@TempDir Path data) {
    Map<String, String> environment =
        Map.of(
            "SERVER_PORT", "0",
            "MANAGEMENT_ENABLED", "false",
            "SERVER_DATA_DIR", data.resolve("data").toString(),
            "SERVER_PUBLIC_URL", "http://reflow-gateway.tools.svc:3000",
            "AUTH_REGISTRATION", "first-user",
            "AUTH_SETUP_TOKEN", TOKEN,
            "STDIO_SANDBOX", "none");
    GatewayConfig config =
        LocalSecrets.complete(new ConfigLoader(environment, data).load(List.of()));
    gateway = Gateway.start(config);
  }

  @AfterAll
  void stop() {
    gateway.close();
  }

  @Test
  void aSecretWithALineEndIsNoPassword() throws IOException, InterruptedException {
    Outcome outcome = firstAdmin(gateway.port(), TOKEN, "secure123\n");

    assertThat(outcome.code()).as(outcome.output()).isEqualTo(1);
    assertThat(outcome.output()).contains("control character");
  }

  @Test
  void theFirstAdminComesFromTheSecretOnce() throws IOException, InterruptedException {
    Outcome wrong = firstAdmin(gateway.port(), "another-token", PASSWORD);
    Outcome installed = firstAdmin(gateway.port(), TOKEN, PASSWORD);
    Outcome upgraded = firstAdmin(gateway.port(), TOKEN, "another password");

    assertThat(wrong.code()).as(wrong.output()).isEqualTo(1);
    assertThat(wrong.output()).contains("403", "setup_token").doesNotContain(PASSWORD);
    assertThat(installed.code()).as(installed.output()).isZero();
    assertThat(upgraded.code()).as(upgraded.output()).isZero();
    assertThat(upgraded.output()).contains("There is a user already");
    assertThat(login()).contains("\"role\":\"admin\"");
  }

  @Test
  void theHelmTestPasses() throws IOException, InterruptedException {
    Outcome outcome = run(command("Pod", "-answers"), environment(gateway.port()));

    assertThat(outcome.code()).as(outcome.output()).isZero();
    assertThat(outcome.output())
        .contains("GET /health/ready: 200", "POST /mcp: 401", "GET /api/users: 401");
  }

  @Test
  void bothFailWhereNobodyAnswers() throws IOException, InterruptedException {
    // Taken, so that nobody else listens there.
    try (var socket = new Socket()) {
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      int nobody = socket.getLocalPort();

      assertThat(run(command("Pod", "-answers"), environment(nobody)).code()).isEqualTo(1);
      Outcome outcome = firstAdmin(nobody, TOKEN, PASSWORD, HASTE);
      assertThat(outcome.code()).isEqualTo(1);
      assertThat(outcome.output()).contains("not ready in time");
    }
  }

  private Outcome firstAdmin(int port, String token, String password)
      throws IOException, InterruptedException {
    return firstAdmin(port, token, password, PATIENCE);
  }

  private Outcome firstAdmin(int port, String token, String password, int patience)
      throws IOException, InterruptedException {
    Map<String, String> environment = environment(port);
    environment.put("EMAIL", EMAIL);
    environment.put("PASSWORD", password);
    environment.put("SETUP_TOKEN", token);
    environment.put("PATIENCE", Integer.toString(patience));
    return run(command("Job", "-first-admin"), environment);
  }

  private static Map<String, String> environment(int port) {
    return new HashMap<>(Map.of("GATEWAY", "127.0.0.1", "PORT", Integer.toString(port)));
  }

  private List<String> command(String kind, String suffix) {
    return Pods.of(installed.get(kind, Chart.RELEASE + suffix))
        .flatMap(pod -> pod.at("/spec/containers/0/command").valueStream())
        .map(JsonNode::asString)
        .toList();
  }

  private static Outcome run(List<String> command, Map<String, String> environment)
      throws IOException, InterruptedException {
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process process = builder.start();
    try {
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      return new Outcome(process.exitValue(), output);
    } finally {
      process.destroyForcibly();
    }
  }

  private String login() throws IOException, InterruptedException {
    String body =
        "{\"email\":\"%s\",\"password\":\"%s\"}"
            .formatted(EMAIL, PASSWORD.replace("\\", "\\\\").replace("\"", "\\\""));
    var request =
        HttpRequest.newBuilder(
                URI.create("http://localhost:%d/api/auth/login".formatted(gateway.port())))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body))
            .build();
    try (var http = HttpClient.newHttpClient()) {
      return http.send(request, BodyHandlers.ofString()).body();
    }
  }
}
