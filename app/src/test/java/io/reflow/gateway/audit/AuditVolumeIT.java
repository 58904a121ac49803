package io.reflow.gateway.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The audit log when it is long. The number of rows can be chosen: `-Daudit.rows=1000000`.
@Timeout(600)
class AuditVolumeIT {

  private static final int ROWS = Integer.getInteger("audit.rows", 200_000);

  private static TestGateway gateway;
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @BeforeAll
  static void start() {
    gateway = TestGateway.start(Map.of("AUDIT_RETENTION", "0s"));
    gateway
        .database()
        .execute(
            """
            insert into audit_log (time, replica, sequence, user_id, user_email, session_id,
              client_name, client_version, protocol_version, method, target_id, target_name,
              feature_kind, feature_name, policy, outcome, duration_us, upstream_us, request_bytes,
              answer_bytes, arguments_digest, trace_id)
            select timestamptz '2026-11-01 00:00:00Z' + n * interval '1 second' / 2,
              'cccccccc-0000-4000-8000-000000000001', n,
              cast(lpad(to_hex(n %% 500), 8, '0') || '-0000-4000-8000-000000000001' as uuid),
              'user' || n %% 500 || '@example.org', 'session', 'claude', '1.0', '2025-11-25',
              case when n %% 20 = 0 then 'resources/read' else 'tools/call' end,
              cast(lpad(to_hex(n %% 50), 8, '0') || '-0000-4000-8000-000000000002' as uuid),
              'target' || n %% 50, 'tool', 'tool' || n %% 300, 'everyone may',
              case when n %% 100 = 0 then 'failed' when n %% 1000 = 1 then 'denied' else 'allowed' end,
              1234, 1000, 300, 2000, 'zoBnnyIf6kqL1zvgYDSkKlDD-mM1Yp3ygOqwTCmzYc8',
              '4bf92f3577b34da6a3ce929d0e0e4736'
            from generate_series(1, %d) n\
            """
                .formatted(ROWS));
    gateway.database().execute("analyze audit_log");
  }

  @AfterAll
  static void stop() {
    HTTP.shutdownNow();
    gateway.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "target=target7",
        "target=00000007-0000-4000-8000-000000000002",
        "method=resources/read",
        "outcome=failed",
        "outcome=denied&target=target1",
        "user_id=00000007-0000-4000-8000-000000000001",
        "user_id=00000007-0000-4000-8000-000000000001&outcome=failed",
        "target=target7&method=tools/call&outcome=failed",
        "from=2026-11-01T10:00:00Z&to=2026-11-01T11:00:00Z&target=target7",
        "to=2026-11-01T02:00:00Z"
      })
  void findsAPageQuickly(String filter) {
    // Others may be busy on this machine: it is enough to see once that it costs no more.
    long deadline = System.nanoTime() + Duration.ofMinutes(2).toNanos();
    while (took(filter).compareTo(Duration.ofMillis(100)) >= 0) {
      assertThat(System.nanoTime()).as("every try takes longer").isLessThan(deadline);
    }
  }

  private static Duration took(String filter) {
    long start = System.nanoTime();
    gateway.admin("GET", "/api/logs?limit=100&" + filter).require(200);
    return Duration.ofNanos(System.nanoTime() - start);
  }

  @Test
  void exportsEverythingInLittleMemory() throws IOException, InterruptedException {
    HttpResponse<InputStream> response = export("?to=2026-12-31T00:00:00Z");
    assertThat(response.headers().firstValue("content-type")).hasValue("application/x-ndjson");
    long before = used();
    long most = 0;
    int lines = 0;
    try (var reader = reader(response)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        lines++;
        if (lines % (ROWS / 4) == 0) {
          most = Math.max(most, used());
          JsonNode row = TestGateway.parse(line);
          assertThat(row.get("method").asText()).isNotEmpty();
        }
      }
    }
    assertThat(lines).isGreaterThanOrEqualTo(ROWS);
    assertThat(most - before).as("bytes on the heap").isLessThan(32L << 20);
  }

  @Test
  void endsAnExportWhoseClientLeaves() throws IOException, InterruptedException {
    // More than may run at once.
    for (int i = 0; i < 10; i++) {
      HttpResponse<InputStream> response = export("");
      assertThat(response.body().read()).isEqualTo('{');
      response.body().close();
    }
  }

  @Test
  void endsNoExportAsIfItWereWhole() throws IOException, InterruptedException {
    try (var reader = reader(export(""))) {
      assertThat(reader.readLine()).startsWith("{");
      // The gateway waits for this client, with most of it still to read.
      gateway.database().refuse();

      assertThatThrownBy(
              () -> {
                while (reader.readLine() != null) {
                  // What was under way arrives.
                }
              })
          .isInstanceOf(IOException.class);
    } finally {
      gateway.database().admit();
    }
    UpstreamFixtures.await(() -> gateway.admin("GET", "/api/logs?limit=1").status() == 200);
  }

  @Test
  void exportsWhatIsAskedForOnly() throws IOException, InterruptedException {
    try (var reader = reader(export("?target=target7&outcome=denied"))) {
      assertThat(reader.lines()).isEmpty();
    }
    try (var reader = reader(export("?target=target1&outcome=denied"))) {
      assertThat(reader.lines()).hasSize(ROWS / 1_000);
    }
    String user = gateway.userToken("plain@example.com", "user");
    assertThat(gateway.get("/api/logs/export", user).require(200).body()).isEmpty();
    gateway.get("/api/logs/verify", user).require(403);
    assertThat(gateway.admin("GET", "/api/logs/export?outcome=fine").status()).isEqualTo(400);
  }

  /// One whose client has just left may go on for a moment, and nobody has two.
  private static HttpResponse<InputStream> export(String query)
      throws IOException, InterruptedException {
    var admitted = new AtomicReference<HttpResponse<InputStream>>();
    UpstreamFixtures.await(() -> {
      HttpResponse<InputStream> response = tryExport(query);
      admitted.set(response);
      if (response.statusCode() != 429) {
        return true;
      }
      response.body().close();
      return false;
    });
    return admitted.get();
  }

  private static HttpResponse<InputStream> tryExport(String query)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(gateway.uri("/api/logs/export" + query))
            .header("Authorization", "Bearer " + gateway.adminToken())
            .build();
    return HTTP.send(request, BodyHandlers.ofInputStream());
  }

  private static BufferedReader reader(HttpResponse<InputStream> response) {
    assertThat(response.statusCode()).isEqualTo(200);
    return new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
  }

  private static long used() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
