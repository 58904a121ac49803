package io.reflow.gateway.credential;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.helidon.dbclient.DbRow;
import io.reflow.gateway.database.Columns;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.GatewayProcess;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The key that encrypts is changed, at gateways that are processes of their own.
class KeyRotationIT {

  private static final String NEW_KEY = "new:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
  private static final int VALUES = 20;

  @TempDir private Path folder;

  private final HttpClient http = HttpClient.newHttpClient();
  private FakeMcpServer server;
  private TestGateway beside;

  @BeforeEach
  void start() {
    server = new FakeMcpServer();
    beside = TestGateway.start();
    Map<String, Object> fields = new HashMap<>(TestGateway.http(server.url()));
    fields.put("auth_type", "bearer");
    String target = beside.target("web", fields);
    for (int i = 0; i < VALUES; i++) {
      set(target, "KEY_%02d".formatted(i), "value " + i);
    }
    set(target, "AUTH_TOKEN", "tok");
  }

  private void set(String target, String key, String value) {
    beside
        .admin(
            "POST", "/api/targets/" + target + "/env/default", Map.of("key", key, "value", value))
        .require(201);
  }

  @AfterEach
  void stop() {
    http.shutdownNow();
    beside.close();
    server.close();
  }

  @Test
  void wrongKeyIsNoticedAtTheStartAndNamed() {
    String other = "ffffffffffffffffffffffffffffffff";

    assertThatThrownBy(() -> new GatewayProcess(beside, folder, Map.of("ENCRYPTION_KEY", other)))
        .hasMessageContaining("encryption.key (or encryption.keys) does not fit this database")
        .hasMessageNotContaining(other);
    Map<String, String> newOnly = Map.of("ENCRYPTION_KEY", "", "ENCRYPTION_KEYS", NEW_KEY);
    assertThatThrownBy(() -> new GatewayProcess(beside, folder, newOnly))
        .hasMessageContaining("encryption.key (or encryption.keys) does not fit this database")
        .hasMessageNotContaining(NEW_KEY);
  }

  @Test
  void rotationGoesOnAfterAKill() throws IOException, InterruptedException, ExecutionException {
    Map<String, String> both = Map.of("ENCRYPTION_KEYS", NEW_KEY);
    try (var gateway = new GatewayProcess(beside, folder, both);
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var locked = new CountDownLatch(1);
      var killed = new CountDownLatch(1);
      Future<Boolean> lock = threads.submit(() -> lock("KEY_10", locked, killed));
      try {
        locked.await();
        assertThat(rotate(gateway).get("running").asBoolean()).isTrue();
        UpstreamFixtures.await(() -> sealedWithNew() > 0);
        gateway.kill();
      } finally {
        killed.countDown();
      }
      assertThat(lock.get()).isTrue();
      assertThat(sealedWithNew()).isBetween(1L, (long) VALUES);

      gateway.start();
      assertThat(rotate(gateway).get("left").asInt()).isPositive();
      UpstreamFixtures.await(() -> rotate(gateway).get("left").asInt() == 0);
    }

    assertThat(sealedWithNew()).isEqualTo(VALUES + 1);
    Map<String, String> newOnly = Map.of("ENCRYPTION_KEY", "", "ENCRYPTION_KEYS", NEW_KEY);
    try (var gateway = new GatewayProcess(beside, folder, newOnly)) {
      JsonNode result =
          gateway.client(beside.adminToken()).initialize().callTool("web_echo", Map.of()).result();
      assertThat(result.has("isError")).isFalse();
    }
    assertThat(server.received().getLast().header("authorization"))
        .isEqualTo(Optional.of("Bearer tok"));
  }

  /// Holds the rotation up in its middle, until the latch.
  private boolean lock(String key, CountDownLatch locked, CountDownLatch until) {
    return beside
        .database()
        .database()
        .transaction(db -> {
          assertThat(db.get("select key from env_configs where key = ? for update", key))
              .isPresent();
          locked.countDown();
          try {
            until.await();
          } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
          }
          return true;
        });
  }

  private long sealedWithNew() {
    List<String> keys =
        beside
            .database()
            .database()
            .run(db -> {
              try (Stream<DbRow> rows =
                  db.query("select key from env_configs where key_id = 'new'")) {
                return rows.map(row -> Columns.text(row, "key")).toList();
              }
            });
    return keys.size();
  }

  private JsonNode rotate(GatewayProcess gateway) throws IOException, InterruptedException {
    var request =
        HttpRequest.newBuilder(gateway.uri("/api/admin/encryption/rotate"))
            .header("Authorization", "Bearer " + beside.adminToken())
            .POST(BodyPublishers.noBody())
            .build();
    var response = http.send(request, BodyHandlers.ofString());
    assertThat(response.statusCode()).as(response.body()).isEqualTo(202);
    return TestGateway.parse(response.body());
  }
}
