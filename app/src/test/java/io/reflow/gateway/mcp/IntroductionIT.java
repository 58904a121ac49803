package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.catalog.AdvertStore;
import io.reflow.gateway.catalog.KnownServers;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.FakeMcpServer.Script;
import io.reflow.gateway.testing.FakeTools;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What clients are told of the targets behind the gateway before they ask for anything.
class IntroductionIT {

  private final FakeMcpServer first =
      server(
          "\"experimental\":{\"x\":{\"n\":1.0}},\"extensions\":{\"com.example/other\":{},"
              + "\"io.modelcontextprotocol/ui\":{\"mimeTypes\":[\"text/html;profile=mcp-app\"],"
              + "\"n\":1.0}}");
  private final FakeMcpServer second =
      server(
          "\"extensions\":{\"io.modelcontextprotocol/ui\":{\"mimeTypes\":[\"text/html;profile=mcp-app\","
              + "\"text/plain\"]}}");
  private TestGateway gateway;

  private static FakeMcpServer server(String more) {
    FakeMcpServer server = new FakeMcpServer();
    server.script(
        "initialize",
        (exchange, request) -> {
          exchange.getResponseHeaders().set("Mcp-Session-Id", "s");
          Script.respond(
                  200,
                  "application/json",
                  FakeTools.result(
                      "$id",
                      "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{\"tools\":{},"
                          + more
                          + "},\"serverInfo\":{\"name\":\"fake\",\"version\":\"1\"},"
                          + "\"instructions\":\"Be kind.\"}"))
              .answer(exchange, request);
        });
    server.script("notifications/initialized", Script.respond(202, "text/plain", ""));
    server.answer("tools/list", "{\"tools\":[]}");
    return server;
  }

  @BeforeEach
  void start() {
    gateway = TestGateway.start();
  }

  @AfterEach
  void stop() {
    gateway.close();
    first.close();
    second.close();
  }

  private JsonNode introduction() {
    gateway.client(gateway.adminToken()).initialize().toolNames();
    return greeting();
  }

  private JsonNode greeting() {
    return gateway
        .client(gateway.adminToken())
        .request(
            "initialize",
            Map.of(
                "protocolVersion",
                "2025-11-25",
                "capabilities",
                Map.of(),
                "clientInfo",
                Map.of("name", "test", "version", "1")))
        .result();
  }

  @Test
  void ofOneTargetItIsItsOwn() {
    gateway.target("first", first);

    JsonNode said = introduction();

    assertThat(said.get("capabilities").get("experimental")).hasToString("{\"x\":{\"n\":1.0}}");
    assertThat(said.get("capabilities").get("extensions"))
        .hasToString(
            "{\"io.modelcontextprotocol/ui\":"
                + "{\"mimeTypes\":[\"text/html;profile=mcp-app\"],\"n\":1.0}}");
    assertThat(said.get("instructions").asText()).isEqualTo("Be kind.");
    assertThat(said.get("serverInfo").get("name").asText()).isEqualTo("reflow-gateway");
  }

  /// What it said was said to one of its users.
  @Test
  void ofATargetThatIsNotSharedNothingFreeIsToldToOthers() {
    Map<String, Object> fields = new HashMap<>(TestGateway.http(first.url()));
    fields.put("isolation_boundary", "per_user");
    gateway.target("first", fields);

    JsonNode said = introduction();

    assertThat(said.get("capabilities").has("experimental")).isFalse();
    assertThat(said.get("capabilities").get("extensions"))
        .hasToString(
            "{\"io.modelcontextprotocol/ui\":{\"mimeTypes\":[\"text/html;profile=mcp-app\"]}}");
    assertThat(said.get("instructions").asText()).isEqualTo("Be kind.");
  }

  @Test
  void ofSeveralTargetsItIsPutTogether() {
    gateway.target("first", first);
    gateway.target("second", second);

    JsonNode said = introduction();

    assertThat(said.get("capabilities").has("experimental")).isFalse();
    assertThat(said.get("capabilities").get("extensions"))
        .hasToString(
            "{\"io.modelcontextprotocol/ui\":"
                + "{\"mimeTypes\":[\"text/html;profile=mcp-app\",\"text/plain\"],\"n\":1.0}}");
    assertThat(said.get("instructions").asText())
        .isEqualTo(
            "## first (tools prefixed \"first_\")\nBe kind.\n\n"
                + "## second (tools prefixed \"second_\")\nBe kind.");
  }

  @Test
  void afterARestartItIsToldWithoutAskingAnybody() throws InterruptedException {
    gateway.target("first", first);
    JsonNode said = introduction();
    var kept = new AdvertStore(gateway.database().database());
    UpstreamFixtures.await(() -> !kept.all().isEmpty());
    first.close();

    gateway.restart();

    assertThat(greeting()).isEqualTo(said);
  }

  @Test
  void anotherReplicaTellsItToo() throws InterruptedException {
    String target = gateway.target("first", first);
    try (TestGateway other = gateway.replica()) {
      JsonNode said = introduction();
      first.close();
      var kept = new AdvertStore(other.database().database());
      UpstreamFixtures.await(() -> !kept.all().isEmpty());
      var servers = new KnownServers(kept);
      var id = new TargetId(UUID.fromString(target));
      UpstreamFixtures.await(() -> servers.facts(id).isPresent());

      assertThat(servers.facts(id).orElseThrow().capabilities().toString())
          .contains("\"experimental\":{\"x\":{\"n\":1.0}}");
      assertThat(said.get("instructions").asText()).isEqualTo("Be kind.");
    }
  }

  @Test
  void aTargetThatWasNeverConnectedMayHaveAnything() {
    gateway.target("gone", Map.of("transport_type", "stdio", "command", "no-such-program"));

    JsonNode capabilities =
        gateway
            .client(gateway.adminToken())
            .request(
                "initialize",
                Map.of(
                    "protocolVersion",
                    "2025-11-25",
                    "capabilities",
                    Map.of(),
                    "clientInfo",
                    Map.of("name", "test", "version", "1")))
            .result()
            .get("capabilities");

    assertThat(capabilities.has("tools")).isTrue();
    assertThat(capabilities.has("prompts")).isTrue();
    assertThat(capabilities.has("resources")).isTrue();
  }
}
