package io.reflow.gateway.credential;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.TestGateway;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Tokens of targets: who may store them for whom, that they never come out, and what a caller
/// hears where one is missing.
class TargetTokensIT {

  private FakeMcpServer server;
  private TestGateway gateway;
  private String target;
  private String alice;

  @BeforeEach
  void start() {
    server = new FakeMcpServer().list("echo");
    gateway = TestGateway.start();
    alice = gateway.userToken("alice@example.com", "dev", "blue/team");
    target = target("web", "per_user");
    gateway.allow(target, alice);
  }

  private String target(String name, String isolation) {
    Map<String, Object> fields = new HashMap<>(TestGateway.http(server.url()));
    fields.put("auth_type", "bearer");
    fields.put("isolation_boundary", isolation);
    return gateway.target(name, fields);
  }

  @AfterEach
  void stop() {
    gateway.close();
    server.close();
  }

  @Test
  void narrowestScopeWinsAndNoTokenComesOut() {
    put("/tokens/default", Map.of("token", "t-default"));
    assertThat(source()).isEqualTo("default");
    put("/tokens/role", Map.of("role", "dev", "token", "t-role"));
    assertThat(source()).isEqualTo("role");
    put("/tokens/group", Map.of("group_name", "blue/team", "token", "t-group"));
    assertThat(source()).isEqualTo("group");
    gateway
        .send("PUT", own(), Optional.of(alice), Optional.of("{\"token\":\"t-own\"}"))
        .require(204);
    assertThat(source()).isEqualTo("user");

    JsonNode holders = gateway.admin("GET", path("/tokens")).require(200).json();
    assertThat(holders.get("default_token").asBoolean()).isTrue();
    assertThat(holders.get("roles").get(0).asText()).isEqualTo("dev");
    assertThat(holders.get("groups").get(0).asText()).isEqualTo("blue/team");
    assertThat(holders.get("users").get(0).asText()).isEqualTo(gateway.userId(alice));
    assertThat(holders.toString() + gateway.admin("GET", path("/env")).body())
        .doesNotContain("t-default", "t-role", "t-group", "t-own");

    gateway.send("DELETE", own(), Optional.of(alice), Optional.empty()).require(204);
    gateway.send("DELETE", own(), Optional.of(alice), Optional.empty()).require(404);
    gateway.admin("DELETE", path("/tokens/group/" + TestGateway.encoded("blue/team"))).require(204);
    assertThat(source()).isEqualTo("role");
    gateway.admin("DELETE", path("/tokens/role/dev")).require(204);
    gateway.admin("DELETE", path("/tokens/default")).require(204);
    assertThat(gateway.get(own(), alice).json().get("configured").asBoolean()).isFalse();
  }

  @Test
  void onlyAdminsSetTokensForOthers() {
    for (String scope : new String[] {"default", "role", "group"}) {
      gateway
          .send(
              "PUT", path("/tokens/" + scope), Optional.of(alice), Optional.of("{\"token\":\"x\"}"))
          .require(403);
    }
    gateway.get(path("/tokens"), alice).require(403);
  }

  @Test
  void ownTokenIsRefusedWhereItWouldNeverBeUsed() {
    String shared = target("shared-web", "shared");
    gateway.allow(shared, alice);

    String refusal =
        gateway
            .send(
                "PUT",
                "/api/targets/" + shared + "/token",
                Optional.of(alice),
                Optional.of("{\"token\":\"x\"}"))
            .require(400)
            .body();

    assertThat(refusal).contains("isolation_boundary is shared");
  }

  @Test
  void callWithoutTokenSaysWhoCanSetItWhere() throws InterruptedException {
    McpTestClient client = gateway.client(alice).initialize();

    JsonNode result = client.callTool("web_echo", Map.of()).result();

    assertThat(result.get("isError").asBoolean()).isTrue();
    assertThat(result.get("content").get(0).get("text").asText())
        .contains("target 'web' needs a token", "/api/targets/" + target + "/token");
    JsonNode row =
        gateway.row("target=web", each -> each.get("method").asText().equals("tools/call"));
    assertThat(row.get("outcome").asText()).isEqualTo("failed");

    gateway
        .send("PUT", own(), Optional.of(alice), Optional.of("{\"token\":\"t-own\"}"))
        .require(204);
    assertThat(client.callTool("web_echo", Map.of()).result().has("isError")).isFalse();
  }

  private String source() {
    return gateway.get(own(), alice).require(200).json().get("source").asText();
  }

  private void put(String path, Map<String, String> body) {
    gateway.admin("PUT", path(path), body).require(204);
  }

  private String own() {
    return path("/token");
  }

  private String path(String path) {
    return "/api/targets/" + target + path;
  }
}
