package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.TestGateway;
import java.net.URI;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A gateway can be had to send to where targets may be, and nowhere else.
class UrlSafetyIT {

  private static TestGateway.Response create(TestGateway gateway, String url) {
    return gateway.admin(
        "POST",
        "/api/targets",
        Map.of("name", "elsewhere", "transport_type", "streamable-http", "url", url));
  }

  @Test
  void gatewaysOwnPortsAreNoTargets() {
    try (var gateway =
        TestGateway.start(Map.of("REPLICA_ADDRESS", "127.0.0.1", "REPLICA_PORT", "0"))) {
      int database = gateway.database().config().port();
      for (int port :
          List.of(database, gateway.managementUri("/").getPort(), gateway.internalPort())) {
        for (String host : List.of("127.0.0.1", "localhost", "[::1]", "127.8.8.8")) {
          String url = "http://%s:%d/mcp".formatted(host, port);
          assertThat(create(gateway, url).require(400).body())
              .as(url)
              .contains("the gateway's own");
        }
      }
      create(gateway, "http://127.0.0.1:%d/mcp".formatted(database + 1)).require(201);
    }
  }

  /// What was stored by another version, or imported into the database, is no way around.
  @Test
  void urlIsCheckedAgainWhenItIsUsed() {
    try (var gateway = TestGateway.start()) {
      String id = create(gateway, "http://mcp.example.com/").require(201).json().get("id").asText();
      for (String url :
          List.of(
              "http://169.254.169.254/latest/meta-data/",
              "http://[::ffff:a9fe:a9fe]/",
              "http://0.0.0.0:%d/".formatted(gateway.port()),
              "http://localhost:%d/".formatted(gateway.database().config().port()))) {
        gateway
            .database()
            .execute(
                "update targets set url = '%s', revision = revision + 1 where id = '%s'"
                    .formatted(url, id));
        gateway.restart();
        String report = gateway.admin("POST", "/api/targets/" + id + "/probe").require(200).body();
        assertThat(report).as(url).contains("is at an address that");
      }
    }
  }

  @Test
  void privateNetworksAreNoTargetsWhereTheyAreForbidden() {
    try (var gateway = TestGateway.start(Map.of("UPSTREAM_ALLOW_PRIVATE_NETWORKS", "false"));
        var server = new FakeMcpServer()) {
      String body = create(gateway, server.url().toString()).require(400).body();
      assertThat(body).contains("url is at an address", "upstream.allow-private-networks");
      create(gateway, "http://localhost:8080/").require(400);

      String id = create(gateway, "http://mcp.example.com/").require(201).json().get("id").asText();
      gateway
          .database()
          .execute("update targets set url = '%s', revision = 9".formatted(server.url()));
      gateway.restart();

      assertThat(gateway.admin("POST", "/api/targets/" + id + "/probe").require(200).body())
          .contains("upstream.allow-private-networks");
      assertThat(server.received()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {301, 302, 303, 307, 308})
  void redirectIsNotFollowedAndCarriesNothing(int status) {
    try (var gateway = TestGateway.start();
        var server = new FakeMcpServer();
        var elsewhere = new FakeMcpServer()) {
      for (String method : List.of("initialize", "GET", "server/discover")) {
        server.script(
            method,
            (exchange, _) -> {
              exchange.getResponseHeaders().set("Location", elsewhere.url().toString());
              exchange.sendResponseHeaders(status, -1);
            });
      }
      for (String transport : List.of("streamable-http", "sse")) {
        URI url = transport.equals("sse") ? server.sseUrl() : server.url();
        Map<String, Object> fields = new HashMap<>();
        fields.put("transport_type", transport);
        fields.put("url", url.toString());
        fields.put("auth_type", "bearer");
        String id = gateway.target(transport, fields);
        gateway
            .admin("PUT", "/api/targets/" + id + "/tokens/default", Map.of("token", "tok"))
            .require(204);

        JsonNode answer =
            gateway
                .client(gateway.adminToken())
                .initialize()
                .callTool(transport + "_echo", Map.of())
                .answer();

        assertThat(answer.toString()).contains("HTTP " + status);
      }
      assertThat(elsewhere.received()).isEmpty();
      assertThat(server.received())
          .isNotEmpty()
          .allMatch(each -> each.header("authorization").equals(Optional.of("Bearer tok")));
    }
  }
}
