package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.McpTestClient.Reply;
import io.reflow.gateway.testing.StdioServer;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Promise 3, nobody shares by accident: users of an isolated target have processes of their own
/// with their own secrets, and on a shared one whatever two callers have in common stays apart.
class Promise03IT {

  private static FakeMcpServer web;
  private static TestGateway gateway;
  private static String alice;
  private static String bob;
  private static String shared = "";

  @BeforeAll
  static void start() {
    web = new FakeMcpServer().list("echo", "progress");
    gateway = TestGateway.start();
    alice = gateway.userToken("alice@example.com", "user");
    bob = gateway.userToken("bob@example.com", "user");
    for (String isolation : List.of("per_user", "shared")) {
      Map<String, Object> fields =
          new HashMap<>(
              TestGateway.stdio(StdioServer.command("echo", "whoami", "progress", "silent")));
      fields.put("isolation_boundary", isolation);
      String name = isolation.replace("_", "-");
      String id = gateway.target(name, fields);
      env(id, "default", "hello all");
      env(id, "user/" + gateway.userId(alice), "hello alice");
      env(id, "user/" + gateway.userId(bob), "hello bob");
      gateway.allow(id, alice);
      gateway.allow(id, bob);
      shared = id;
    }
    String id = gateway.target("web", web);
    gateway.allow(id, alice);
    gateway.allow(id, bob);
  }

  private static void env(String target, String scope, String greeting) {
    gateway
        .admin(
            "POST",
            "/api/targets/%s/env/%s".formatted(target, scope),
            Map.of("key", "GREETING", "value", greeting))
        .require(201);
  }

  @AfterAll
  static void stop() {
    gateway.close();
    web.close();
  }

  private static JsonNode whoami(String token, String target) {
    return gateway.client(token).initialize().callTool(target + "_whoami", Map.of()).result();
  }

  @Test
  void everyUserHasAProcessAndSecretsOfTheirOwn() {
    JsonNode ofAlice = whoami(alice, "per-user");
    JsonNode ofBob = whoami(bob, "per-user");

    assertThat(ofAlice.get("greeting").asText()).isEqualTo("hello alice");
    assertThat(ofBob.get("greeting").asText()).isEqualTo("hello bob");
    assertThat(ofAlice.get("pid")).isNotEqualTo(ofBob.get("pid"));
    assertThat(whoami(alice, "per-user"))
        .as("another session, the same process")
        .isEqualTo(ofAlice);
  }

  @Test
  void aSharedProcessHasNobodysSecrets() {
    JsonNode ofAlice = whoami(alice, "shared");

    assertThat(ofAlice.get("greeting").asText()).isEqualTo("hello all");
    assertThat(whoami(bob, "shared")).isEqualTo(ofAlice);
  }

  @Test
  void equalIdsAndProgressTokensNeverCross() throws ExecutionException, InterruptedException {
    for (String target : List.of("shared", "web")) {
      McpTestClient first = gateway.client(alice).initialize();
      McpTestClient second = gateway.client(bob).initialize();
      try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
        for (int round = 0; round < 3; round++) {
          Future<Reply> one = threads.submit(() -> progress(first, target, 3));
          Future<Reply> two = threads.submit(() -> progress(second, target, 5));
          assertOwn(one.get(), 3);
          assertOwn(two.get(), 5);
        }
      }
    }
  }

  private static Reply progress(McpTestClient client, String target, int count) {
    return client.request(
        1,
        "tools/call",
        Map.of(
            "name",
            target + "_progress",
            "_meta",
            Map.of("progressToken", "same"),
            "arguments",
            Map.of("count", count)));
  }

  private static void assertOwn(Reply reply, int count) {
    assertThat(reply.messages()).hasSize(count + 1);
    for (int i = 0; i < count; i++) {
      JsonNode params = reply.messages().get(i).get("params");
      assertThat(params.get("progressToken").asText()).isEqualTo("same");
      assertThat(params.get("progress").asInt()).isEqualTo(i + 1);
    }
    assertThat(reply.answer().get("id").asInt()).isEqualTo(1);
  }

  @Test
  void whoCancelsACallLeavesAnothersOfTheSameIdAlone()
      throws ExecutionException, InterruptedException {
    McpTestClient first = gateway.client(alice).initialize();
    McpTestClient second = gateway.client(bob).initialize();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Reply> one = threads.submit(() -> silent(first));
      Future<Reply> two = threads.submit(() -> silent(second));
      UpstreamFixtures.await(() ->
          gateway
                  .admin("GET", "/api/targets/" + shared + "/instances")
                  .json()
                  .at("/0/calls_in_flight")
                  .asInt()
              == 2);

      cancel(first);

      assertThat(one.get().status()).isEqualTo(202);
      assertThat(two.isDone()).isFalse();
      cancel(second);
      assertThat(two.get().status()).isEqualTo(202);
    }
  }

  private static Reply silent(McpTestClient client) {
    return client.request("same", "tools/call", Map.of("name", "shared_silent"));
  }

  private static void cancel(McpTestClient client) {
    Reply _ =
        client.post(
            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\","
                + "\"params\":{\"requestId\":\"same\"}}");
  }

  @Test
  void everyAnswerGoesToItsQuestion() throws ExecutionException, InterruptedException {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Boolean>> all = new ArrayList<>();
      for (String token : List.of(alice, bob)) {
        McpTestClient client = gateway.client(token).initialize();
        for (int i = 0; i < 200; i++) {
          int number = i;
          all.add(threads.submit(() -> echoes(client, number, token)));
        }
      }
      for (Future<Boolean> one : all) {
        assertThat(one.get()).isTrue();
      }
    }
  }

  private static boolean echoes(McpTestClient client, int number, String token) {
    String text = (token.equals(alice) ? "alice " : "bob ") + number;
    Reply reply =
        client.request(
            number, "tools/call", Map.of("name", "shared_echo", "arguments", Map.of("text", text)));
    return reply.answer().get("id").asInt() == number
        && reply.result().get("echo").get("text").asText().equals(text);
  }
}
