package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.EventClient;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.McpTestClient.Reply;
import io.reflow.gateway.testing.StatelessClient;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// What a stateless client hears that listens.
class ListenIT {

  private static final String LISTEN = "subscriptions/listen";
  private static final String ID = "io.modelcontextprotocol/subscriptionId";
  private static final Map<String, Object> TOOLS = Map.of("toolsListChanged", true);

  private static FakeMcpServer web;
  private static TestGateway gateway;
  private static String target;

  @BeforeAll
  static void start() {
    web = new FakeMcpServer().list("echo", "announce").streaming();
    web.answer("resources/list", "{\"resources\":[{\"uri\":\"test://a\",\"name\":\"a\"}]}");
    web.answer("resources/templates/list", "{\"resourceTemplates\":[]}");
    gateway = TestGateway.start();
    target = gateway.target("web", web);
    StatelessClient client = new StatelessClient(gateway.client(gateway.adminToken()));
    assertThat(client.callTool("web_echo", Map.of()).status()).isEqualTo(200);
  }

  @AfterAll
  static void stop() {
    gateway.close();
    web.close();
  }

  private static StatelessClient client(String token) {
    return new StatelessClient(gateway.client(token));
  }

  private static EventClient listen(String token, Object id, Map<String, ?> filter) {
    String body = client(token).body(id, LISTEN, Map.of("notifications", filter));
    return EventClient.post(
        gateway.uri("/mcp"), token, body, StatelessClient.headers(LISTEN, Map.of()));
  }

  private static JsonNode next(EventClient events) throws InterruptedException {
    EventClient.Event event = events.next();
    while (event.data().isEmpty()) {
      event = events.next();
    }
    assertThat(event.id()).isEmpty();
    return event.json();
  }

  private static JsonNode acknowledged(EventClient events) throws InterruptedException {
    JsonNode first = next(events);
    assertThat(first.get("method").asText()).isEqualTo("notifications/subscriptions/acknowledged");
    return first.get("params");
  }

  @Test
  void confirmsFirstWhatItWillTellUnderTheIdOfTheRequest() throws InterruptedException {
    try (EventClient events =
        listen(
            gateway.adminToken(),
            7,
            Map.of("toolsListChanged", true, "promptsListChanged", false, "unknown", true))) {
      JsonNode params = acknowledged(events);

      assertThat(events.status()).isEqualTo(200);
      assertThat(params.get("notifications").toString()).isEqualTo("{\"toolsListChanged\":true}");
      assertThat(params.get("_meta").get(ID).isInt()).isTrue();
      assertThat(params.get("_meta").get(ID).asInt()).isEqualTo(7);
    }
  }

  @Test
  void tellsOfWhatATargetAnnounces() throws InterruptedException {
    try (EventClient events = listen(gateway.adminToken(), "s1", TOOLS)) {
      acknowledged(events);

      client(gateway.adminToken()).callTool("web_announce", Map.of());

      JsonNode told = next(events);
      assertThat(told.get("method").asText()).isEqualTo("notifications/tools/list_changed");
      assertThat(told.get("params").get("_meta").get(ID).asText()).isEqualTo("s1");
    }
  }

  @Test
  void tellsOfWhatChangesAtTheGateway() throws InterruptedException {
    try (EventClient events = listen(gateway.adminToken(), 1, TOOLS);
        var another = new FakeMcpServer()) {
      acknowledged(events);

      gateway.target("another", another);

      assertThat(next(events).get("method").asText()).isEqualTo("notifications/tools/list_changed");
    }
  }

  @Test
  void tellsOfResourcesThatTheCallerMayRead() throws InterruptedException {
    try (EventClient events =
        listen(
            gateway.adminToken(),
            1,
            Map.of("resourceSubscriptions", List.of("test://a", "none://b")))) {
      JsonNode confirmed = acknowledged(events).get("notifications").get("resourceSubscriptions");
      assertThat(confirmed.toString()).startsWith("[").contains("\"test://a\"");
      assertThat(web.subscribed()).contains("test://a");

      web.sendApart(
          "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/resources/updated\","
              + "\"params\":{\"uri\":\"test://a\"}}\n\n");

      JsonNode told = next(events);
      assertThat(told.get("method").asText()).isEqualTo("notifications/resources/updated");
      assertThat(told.get("params").get("uri").asText()).isEqualTo("test://a");
      assertThat(told.get("params").get("_meta").get(ID).asInt()).isEqualTo(1);
    }
  }

  @Test
  void endsWithAResultWhenTheCallerIsDisconnected() throws InterruptedException {
    String token = gateway.userToken("ended@example.com", "user");
    String _ = gateway.allow(target, token);
    try (EventClient events = listen(token, "x", TOOLS)) {
      acknowledged(events);

      gateway.post("/api/sessions/recycle", Optional.of(token), "{}").require(200);

      JsonNode end = next(events);
      assertThat(end.get("id").asText()).isEqualTo("x");
      assertThat(end.get("result").get("resultType").asText()).isEqualTo("complete");
      assertThat(end.get("result").get("_meta").get(ID).asText()).isEqualTo("x");
    }
  }

  @Test
  void endsWithAResultWhenNothingIsLeftToHearOf() throws InterruptedException {
    String token = gateway.userToken("denied@example.com", "user");
    String policy = gateway.allow(target, token);
    try (EventClient events = listen(token, 2, TOOLS)) {
      acknowledged(events);

      gateway.admin("DELETE", "/api/policies/" + policy).require(204);

      JsonNode end = next(events);
      while (!end.has("result")) {
        end = next(events);
      }
      assertThat(end.get("id").asInt()).isEqualTo(2);
    }
  }

  @Test
  void isShownWhileItLasts() throws InterruptedException {
    String token = gateway.userToken("shown@example.com", "user");
    String _ = gateway.allow(target, token);
    try (EventClient events = listen(token, 1, TOOLS)) {
      acknowledged(events);

      JsonNode sessions = gateway.get("/api/sessions", token).json();

      assertThat(sessions.toString()).contains("2026-07-28");
    }
    UpstreamFixtures.await(
        () -> !gateway.get("/api/sessions", token).json().toString().contains("2026-07-28"));
  }

  @Test
  void aUserMayListenOnlySoOften() throws InterruptedException {
    String token = gateway.userToken("often@example.com", "user");
    String _ = gateway.allow(target, token);
    List<EventClient> open = new ArrayList<>();
    try {
      for (int i = 0; i < 20; i++) {
        EventClient events = listen(token, i, Map.of());
        open.add(events);
        acknowledged(events);
      }

      Reply one = client(token).request(LISTEN, Map.of("notifications", Map.of()));

      assertThat(one.status()).isEqualTo(200);
      assertThat(one.error().get("code").asInt()).isEqualTo(-32603);
    } finally {
      open.forEach(EventClient::close);
    }
  }

  @Test
  void tasksAreForWhoKnowsThem() {
    Reply reply =
        client(gateway.adminToken())
            .request(LISTEN, Map.of("notifications", Map.of("taskIds", List.of("t"))));

    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.error().get("code").asInt()).isEqualTo(-32021);
    assertThat(reply.error().at("/data/requiredCapabilities/extensions").size()).isEqualTo(1);
  }

  @Test
  void whoCanNotTakeAStreamCanNotListen() {
    String body = client("").body(1, LISTEN, Map.of("notifications", Map.of()));
    List<String> headers = new ArrayList<>(List.of(StatelessClient.headers(LISTEN, Map.of())));
    headers.addAll(List.of("Accept", "application/json"));

    Reply reply =
        gateway
            .client(gateway.adminToken())
            .send("POST", BodyPublishers.ofString(body), headers.toArray(String[]::new));

    assertThat(reply.status()).isEqualTo(400);
  }

  @Test
  void aFilterIsNeeded() {
    Reply reply = client(gateway.adminToken()).request(LISTEN, Map.of());

    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.error().get("code").asInt()).isEqualTo(-32602);
  }
}
