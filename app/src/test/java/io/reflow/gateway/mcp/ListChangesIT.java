package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.EventClient;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What has changed reaches the sessions that can see it, once, and no others.
class ListChangesIT {

  private static final String TOOLS = "notifications/tools/list_changed";
  private static final String PROMPTS = "notifications/prompts/list_changed";
  private static final String RESOURCES = "notifications/resources/list_changed";
  private static final String UPDATED = "notifications/resources/updated";

  private FakeMcpServer server;
  private TestGateway gateway;
  private String target;
  private String ann;

  @BeforeEach
  void start() {
    server = new FakeMcpServer().streaming().list("echo", "announce", "announce-apart");
    server.answer("resources/list", "{\"resources\":[{\"uri\":\"file:///a\",\"name\":\"a\"}]}");
    gateway = TestGateway.start();
    target = gateway.target("fake", server);
    ann = gateway.userToken("ann@example.com", "user");
  }

  @AfterEach
  void stop() {
    gateway.close();
    server.close();
  }

  @Test
  void changesAreAdvertised() {
    McpTestClient client = gateway.client(gateway.adminToken()).initialize();
    client.toolNames();

    JsonNode capabilities =
        gateway
            .client(gateway.adminToken())
            .post(
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":"
                    + "{\"protocolVersion\":\"2025-06-18\",\"capabilities\":{},"
                    + "\"clientInfo\":{}}}")
            .result()
            .get("capabilities");

    assertThat(capabilities.at("/tools/listChanged").asBoolean()).isTrue();
    assertThat(capabilities.at("/resources/listChanged").asBoolean()).isTrue();
    assertThat(capabilities.at("/resources/subscribe").asBoolean()).isTrue();
  }

  @Test
  void whatATargetAnnouncesReachesTheStreamOfEachSessionThatSeesIt() throws InterruptedException {
    McpTestClient client = gateway.client(gateway.adminToken()).initialize();
    McpTestClient blind = gateway.client(ann).initialize();
    try (EventClient stream = stream(client, gateway.adminToken());
        EventClient nothing = stream(blind, ann)) {
      for (int i = 0; i < 5; i++) {
        assertThat(client.callTool("fake_announce", Map.of()).result()).isEmpty();
      }

      stream.message(TOOLS);
      client.delete();
      blind.delete();
      assertThat(stream.rest()).noneMatch(event -> event.method().equals(TOOLS));
      assertThat(nothing.rest()).allMatch(event -> event.data().isEmpty());
    }
  }

  @Test
  void newsWaitUntilThereIsAStream() throws InterruptedException {
    McpTestClient client = gateway.client(gateway.adminToken()).initialize();
    assertThat(client.callTool("fake_announce", Map.of()).result()).isEmpty();

    try (EventClient stream = stream(client, gateway.adminToken())) {
      stream.message(TOOLS);
    }
  }

  @Test
  void aRuleTellsThoseForWhomItMakesADifference() throws InterruptedException {
    McpTestClient client = gateway.client(ann).initialize();
    McpTestClient admin = gateway.client(gateway.adminToken()).initialize();
    try (EventClient stream = stream(client, ann);
        EventClient other = stream(admin, gateway.adminToken())) {
      gateway.allowTool(target, "echo", ann);
      stream.message(TOOLS);

      String late = gateway.allow(target, ann);
      stream.message(PROMPTS);
      gateway.admin("DELETE", "/api/policies/" + late).require(204);
      stream.message(RESOURCES);

      admin.delete();
      assertThat(other.rest()).allMatch(event -> event.data().isEmpty());
    }
  }

  @Test
  void aNewTargetTellsThoseWhoSeeIt() throws InterruptedException {
    McpTestClient admin = gateway.client(gateway.adminToken()).initialize();
    try (EventClient stream = stream(admin, gateway.adminToken());
        FakeMcpServer another = new FakeMcpServer()) {
      gateway.target("another", another);

      stream.message(TOOLS);
      assertThat(admin.toolNames()).contains("another_echo");
    }
  }

  @Test
  void aSubscriptionTellsOfItsResourceAsLongAsItMayBeRead() throws InterruptedException {
    String rule = gateway.allow(target, ann);
    McpTestClient client = gateway.client(ann).initialize();
    McpTestClient other = gateway.client(gateway.adminToken()).initialize();
    try (EventClient stream = stream(client, ann);
        EventClient unsubscribed = stream(other, gateway.adminToken())) {
      Map<String, String> uri = Map.of("uri", "file:///a");
      assertThat(client.request("resources/subscribe", uri).result()).isEmpty();
      assertThat(server.subscribed()).containsExactly("file:///a");

      client.callTool("fake_announce-apart", Map.of());
      JsonNode updated = stream.message(UPDATED);
      assertThat(updated.get("params").toString()).isEqualTo("{\"uri\":\"file:///a\"}");

      gateway.admin("DELETE", "/api/policies/" + rule).require(204);
      gateway.allowTool(target, "announce-apart", ann);
      client.callTool("fake_announce-apart", Map.of());
      assertThat(client.request("resources/subscribe", uri).error().get("code").asInt())
          .isEqualTo(-32002);
      client.delete();
      assertThat(stream.rest()).noneMatch(event -> event.method().equals(UPDATED));

      other.delete();
      assertThat(unsubscribed.rest()).noneMatch(event -> event.method().equals(UPDATED));
    }
  }

  @Test
  void whatWaitsForAStreamIsNotToldToWhoMayNoLongerHearIt() throws InterruptedException {
    String rule = gateway.allow(target, ann);
    McpTestClient client = gateway.client(ann).initialize();
    McpTestClient admin = gateway.client(gateway.adminToken()).initialize();
    Map<String, String> uri = Map.of("uri", "file:///a");
    assertThat(client.request("resources/subscribe", uri).result()).isEmpty();
    assertThat(admin.request("resources/subscribe", uri).result()).isEmpty();
    try (EventClient other = stream(admin, gateway.adminToken())) {
      admin.callTool("fake_announce-apart", Map.of());
      other.message(UPDATED);
    }
    gateway.admin("DELETE", "/api/policies/" + rule).require(204);

    try (EventClient stream = stream(client, ann)) {
      stream.message(RESOURCES);
      client.delete();
      assertThat(stream.rest()).noneMatch(event -> event.method().equals(UPDATED));
    }
  }

  @Test
  void aListThatWasMissingIsToldOfWhenItIsBack() throws InterruptedException {
    server.script("tools/list", FakeMcpServer.Script.respond(500, "text/plain", ""));
    McpTestClient client = gateway.client(gateway.adminToken()).initialize();
    client.request("tools/list", Map.of());
    try (EventClient stream = stream(client, gateway.adminToken())) {
      server.unscript("tools/list");
      UpstreamFixtures.await(() ->
          !client.request("tools/list", Map.of()).body().contains("\"tools\":[]")
              && client.request("tools/list", Map.of()).answer().has("result"));

      stream.message(TOOLS);
    }
  }

  @Test
  void aTargetLogsAsMuchAsTheMostCuriousCallerWants() {
    McpTestClient curious = gateway.client(gateway.adminToken()).initialize();
    McpTestClient content = gateway.client(gateway.adminToken()).initialize();
    for (McpTestClient client : List.of(content, curious, content)) {
      String level = client == curious ? "debug" : "error";
      assertThat(client.request("logging/setLevel", Map.of("level", level)).result()).isEmpty();
      assertThat(client.callTool("fake_echo", Map.of()).result().has("echo")).isTrue();
    }

    assertThat(
            server.received().stream()
                .filter(request -> request.body().contains("logging/setLevel")))
        .singleElement()
        .satisfies(told -> assertThat(told.body()).contains("{\"level\":\"debug\"}"));
  }

  @Test
  void theLastUnsubscriptionReachesTheTarget() throws InterruptedException {
    McpTestClient client = gateway.client(gateway.adminToken()).initialize();
    Map<String, String> uri = Map.of("uri", "file:///a");
    assertThat(client.request("resources/subscribe", uri).result()).isEmpty();
    assertThat(server.subscribed()).containsExactly("file:///a");

    assertThat(client.request("resources/unsubscribe", uri).result()).isEmpty();
    assertThat(client.request("resources/unsubscribe", uri).result()).isEmpty();
    assertThat(client.request("resources/unsubscribe", Map.of()).error().get("code").asInt())
        .isEqualTo(-32602);

    client.callTool("fake_announce-apart", Map.of());
    try (EventClient stream = stream(client, gateway.adminToken())) {
      stream.message(PROMPTS);
      client.delete();
      assertThat(stream.rest()).noneMatch(event -> event.method().equals(UPDATED));
    }
  }

  @Test
  void whatCannotBeSubscribedToIsRefused() {
    server.script(
        "initialize",
        FakeMcpServer.Script.respond(
            200,
            "application/json",
            "{\"jsonrpc\":\"2.0\",\"id\":$id,\"result\":{\"protocolVersion\":\"2025-11-25\","
                + "\"capabilities\":{\"resources\":{}},\"serverInfo\":{\"name\":\"x\"}}}"));
    server.script(
        "resources/list",
        FakeMcpServer.Script.respond(
            200,
            "application/json",
            "{\"jsonrpc\":\"2.0\",\"id\":$id,\"result\":"
                + "{\"resources\":[{\"uri\":\"file:///a\",\"name\":\"a\"}]}}"));
    server.script("notifications/initialized", FakeMcpServer.Script.respond(202, "text/plain", ""));
    server.script(
        "resources/templates/list",
        FakeMcpServer.Script.respond(
            200,
            "application/json",
            "{\"jsonrpc\":\"2.0\",\"id\":$id,\"result\":{\"resourceTemplates\":[]}}"));
    McpTestClient client = gateway.client(gateway.adminToken()).initialize();

    assertThat(code(client, "file:///a")).isEqualTo(-32601);
    assertThat(code(gateway.client(ann).initialize(), "file:///a")).isEqualTo(-32002);
  }

  private static int code(McpTestClient client, String uri) {
    return client.request("resources/subscribe", Map.of("uri", uri)).error().get("code").asInt();
  }

  private EventClient stream(McpTestClient client, String token) {
    return EventClient.get(
        gateway.uri("/mcp"), token, "Mcp-Session-Id", client.session().orElseThrow());
  }
}
