package io.reflow.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.config.ConfigException;
import io.reflow.gateway.testing.RawClient;
import io.reflow.gateway.testing.TestDatabase;
import io.reflow.gateway.testing.TestGateway;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Promise 12, starts safe: no secret has a default, and in production nobody becomes the first
/// admin by being fast.
class Promise12IT {

  private static final String SETUP_TOKEN = "set-up-by-the-one-who-installs-it";

  @TempDir private static Path folder;

  private static TestDatabase database;

  @BeforeAll
  static void start() {
    database = TestDatabase.fresh();
  }

  @AfterAll
  static void stop() {
    database.close();
  }

  @Test
  void withoutSecretsItDoesNotStart() throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName());
    Map<String, String> environment = builder.environment();
    environment.clear();
    environment.put("DATABASE_HOST", "localhost");
    environment.put("DATABASE_PASSWORD", "secret-of-the-database");
    environment.put("SERVER_PORT", "0");
    Process process = builder.directory(folder.toFile()).redirectErrorStream(true).start();

    String output = new String(process.getInputStream().readAllBytes(), UTF_8);

    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(2);
    assertThat(output)
        .contains("jwt.secret", "encryption.key")
        .doesNotContain("secret-of-the-database", "\tat ");
    assertThat(folder).isEmptyDirectory();
  }

  /// Otherwise somebody else's answers would be taken for the gateway's.
  @Test
  void withoutItsPortItDoesNotStart() throws IOException {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = Integer.toString(taken.getLocalPort());
      for (String key : List.of("SERVER_PORT", "MANAGEMENT_PORT")) {
        assertThatThrownBy(() -> TestGateway.start(Map.of(key, port)).close())
            .as(key)
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("can't listen on")
            .hasMessageContaining(port);
      }
    }
  }

  @Test
  void theFirstUserInProductionNeedsTheSetupToken() throws IOException {
    Map<String, String> settings = new HashMap<>();
    settings.put("SERVER_PUBLIC_URL", "https://gateway.example.com");
    settings.put("AUTH_SETUP_TOKEN", SETUP_TOKEN);
    settings.put("STDIO_SANDBOX", "none");
    try (Gateway gateway = Gateway.start(TestGateway.config(database, folder, settings))) {
      assertThat(register(gateway, "first@example.com", "").status()).isEqualTo(403);
      assertThat(register(gateway, "first@example.com", "a guess").status()).isEqualTo(403);

      RawClient.Answer first = register(gateway, "first@example.com", SETUP_TOKEN);
      assertThat(first.status()).isEqualTo(201);
      assertThat(TestGateway.parse(first.body()).get("user").get("role").asText())
          .isEqualTo("admin");

      RawClient.Answer second = register(gateway, "second@example.com", SETUP_TOKEN);
      assertThat(second.status()).isEqualTo(403);
      assertThat(second.body()).doesNotContain(SETUP_TOKEN);
    }
  }

  @Test
  void inProductionTheContainmentOfProcessesIsChosenByHand() {
    Map<String, String> settings = Map.of("SERVER_PUBLIC_URL", "https://gateway.example.com");

    assertThatThrownBy(() -> TestGateway.config(database, folder, settings))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("stdio.sandbox");
  }

  private static RawClient.Answer register(Gateway gateway, String email, String setupToken)
      throws IOException {
    Map<String, String> body = new HashMap<>();
    body.put("email", email);
    body.put("password", TestGateway.PASSWORD);
    if (!setupToken.isEmpty()) {
      body.put("setup_token", setupToken);
    }
    try (var client = new RawClient(gateway.port())) {
      return client.ask(
          "POST",
          "/api/auth/register",
          TestGateway.json(body),
          "Host: gateway.example.com",
          "Content-Type: application/json");
    }
  }
}
