package io.reflow.gateway.mcp;

import static io.reflow.gateway.testing.JsonTexts.compact;
import static io.reflow.gateway.testing.JsonTexts.payload;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.testing.EventClient;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.FakeMcpServer.Received;
import io.reflow.gateway.testing.FakeMcpServer.Script;
import io.reflow.gateway.testing.FakeStatelessServer;
import io.reflow.gateway.testing.FakeStatelessTools;
import io.reflow.gateway.testing.FakeTools;
import io.reflow.gateway.testing.FakeTools.Peer;
import io.reflow.gateway.testing.JsonTexts;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.Payloads;
import io.reflow.gateway.testing.PipedServer;
import io.reflow.gateway.testing.SseClient;
import io.reflow.gateway.testing.StatelessClient;
import io.reflow.gateway.testing.Talk;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// What a target asks a client while it works on a call, and what the client answers, is not
/// changed on the way, whichever eras the two are of.
class LosslessQuestionsIT {

  private static final long SEED = Long.getLong("lossless.seed", new Random().nextLong());
  private static final int VALUES = 4;

  private static final Map<String, ?> ALL =
      Map.of("roots", Map.of(), "sampling", Map.of("tools", Map.of()), "elicitation", Map.of());

  private static final AtomicInteger IDS = new AtomicInteger();

  /// What each target was sent.
  private static final Map<String, List<String>> SENT = new ConcurrentHashMap<>();

  private static FakeMcpServer session;
  private static FakeStatelessServer stateless;
  private static FakeMcpServer sse;
  private static PipedServer pipe;
  private static PipedServer statelessPipe;
  private static TestGateway gateway;

  private static volatile String question = "";

  @BeforeAll
  static void start() {
    session = new FakeMcpServer().list("asking");
    session.script("asking", LosslessQuestionsIT::askOnTheStream);
    stateless = new FakeStatelessServer();
    stateless.tools().list(List.of("asking"));
    // Who asks stands before what is asked for, and has a name too.
    stateless.script("asking", LosslessQuestionsIT::askByTheAnswer);
    stateless.script("reflow-gateway", LosslessQuestionsIT::askByTheAnswer);
    sse = new FakeMcpServer().talking(talk("sse"));
    pipe = new PipedServer(talk("pipe"));
    statelessPipe = new PipedServer(LosslessQuestionsIT::talkStateless);
    gateway = TestGateway.start();
    gateway.target("session", session);
    gateway.target("stateless", TestGateway.http(stateless.url()));
    gateway.target("sse", ownOf(Map.of("transport_type", "sse", "url", sse.sseUrl().toString())));
    gateway.target("pipe", ownOf(TestGateway.stdio(pipe.command())));
    gateway.target("stateless-pipe", ownOf(TestGateway.stdio(statelessPipe.command())));
  }

  /// Whoever shares a pipe, or one stream, with others can't be asked anything.
  private static Map<String, ?> ownOf(Map<String, ?> fields) {
    Map<String, Object> own = new HashMap<>(fields);
    own.put("isolation_boundary", "per_user");
    return own;
  }

  @AfterAll
  static void stop() {
    gateway.close();
    statelessPipe.close();
    pipe.close();
    sse.close();
    stateless.close();
    session.close();
  }

  private static void askOnTheStream(HttpExchange exchange, String request)
      throws IOException, InterruptedException {
    exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
    exchange.sendResponseHeaders(200, 0);
    Supplier<List<String>> sent = () -> session.received().stream().map(Received::body).toList();
    ask(request, message -> write(exchange, message), sent);
  }

  private static void ask(String request, Peer peer, Supplier<List<String>> sent)
      throws IOException, InterruptedException {
    String id = "q" + IDS.incrementAndGet();
    peer.send("{\"jsonrpc\":\"2.0\",\"id\":\"" + id + "\"," + compact(question) + "}");
    UpstreamFixtures.await(() -> answered(id, sent.get()).isPresent());
    peer.send(FakeTools.result(FakeTools.id(request), "{\"content\":[]}"));
  }

  private static Optional<String> answered(String id, List<String> sent) {
    return sent.stream()
        .filter(each -> each.contains("\"id\":\"" + id + "\",\"result\""))
        .findAny();
  }

  private static void write(HttpExchange exchange, String message) throws IOException {
    exchange
        .getResponseBody()
        .write(("data: " + message + "\n\n").getBytes(StandardCharsets.UTF_8));
    exchange.getResponseBody().flush();
  }

  private static void askByTheAnswer(HttpExchange exchange, String request)
      throws IOException, InterruptedException {
    Script.respond(200, "application/json", FakeTools.result("$id", statelessResult(request)))
        .answer(exchange, request);
  }

  private static String statelessResult(String request) {
    return request.contains("\"inputResponses\"")
        ? "{\"resultType\":\"complete\",\"content\":[]}"
        : "{\"resultType\":\"input_required\",\"inputRequests\":{\"k\":{" + question + "}}}";
  }

  private static Talk talk(String target) {
    List<String> sent = new CopyOnWriteArrayList<>();
    SENT.put(target, sent);
    var tools = new FakeTools();
    tools.list(List.of("asking"));
    return (message, peer) -> {
      sent.add(message);
      if (FakeTools.method(message).equals("tools/call")) {
        ask(message, peer, () -> sent);
      } else if (!FakeTools.id(message).isEmpty() && !FakeTools.method(message).isEmpty()) {
        tools.work(message, peer);
      }
    };
  }

  private static void talkStateless(String message, Peer peer)
      throws IOException, InterruptedException {
    SENT.computeIfAbsent("stateless-pipe", _ -> new CopyOnWriteArrayList<>()).add(message);
    if (FakeTools.method(message).equals("tools/call")) {
      peer.send(FakeTools.result(FakeTools.id(message), compact(statelessResult(message))));
    } else if (!FakeTools.id(message).isEmpty()) {
      var tools = new FakeStatelessTools();
      tools.list(List.of("asking"));
      tools.work(message, peer);
    }
  }

  static Stream<Arguments> pairs() {
    return Stream.of("sampling/createMessage", "elicitation/create", "roots/list")
        .flatMap(method ->
            Stream.of("session", "stateless", "sse", "pipe", "stateless-pipe")
                .map(target -> Arguments.of(method, target)));
  }

  private static String seed() {
    return "-Dlossless.seed=" + SEED;
  }

  private static String params(String question) throws MalformedMessage {
    return MessageReader.readObject(RawJson.of(question)).value("params").orElseThrow().toString();
  }

  /// What the target was told last.
  private static String told(String target) throws MalformedMessage {
    List<String> sent =
        switch (target) {
          case "session" -> session.received().stream().map(Received::body).toList();
          case "stateless" -> stateless.received().stream().map(Received::body).toList();
          default -> SENT.getOrDefault(target, List.of());
        };
    if (!target.startsWith("stateless")) {
      return JsonTexts.result(answered("q" + IDS.get(), sent).orElseThrow()).toString();
    }
    String retry =
        sent.stream()
            .filter(each -> FakeTools.method(each).equals("tools/call"))
            .reduce((_, later) -> later)
            .orElseThrow();
    JsonObject params = MessageReader.readObject(RawJson.of(params(retry)));
    return MessageReader.readObject(params.value("inputResponses").orElseThrow())
        .value("k")
        .orElseThrow()
        .toString();
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void clientsWithSessionsAreAskedAndAnswerAsItWas(String method, String target)
      throws MalformedMessage, InterruptedException {
    var payloads = new Payloads(SEED, "2025-11-25");
    McpTestClient client =
        gateway.client(gateway.adminToken(), target).initialize("2025-11-25", ALL);
    for (int i = 0; i < VALUES; i++) {
      String asked = payloads.question(method);
      String answer = payloads.answer(method);
      question = "\"method\":\"" + method + "\",\"params\":" + asked;
      try (EventClient call =
          EventClient.post(
              gateway.uri("/mcp/" + target),
              gateway.adminToken(),
              "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"tools/call\",\"params\":{\"name\":\"asking\"}}"
                  .formatted(i),
              "Mcp-Session-Id",
              client.session().orElseThrow())) {
        EventClient.Event got = call.next(event -> event.method().equals(method));
        assertThat(payload(RawJson.of(params(got.data()))))
            .as(seed())
            .isEqualTo(payload(RawJson.of(asked)));

        client.post(
            "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":%s}"
                .formatted(got.json().get("id"), answer));

        assertThat(call.answer().path("result").toString())
            .as(seed())
            .isEqualTo("{\"content\":[]}");
        assertThat(compact(told(target))).as(seed()).isEqualTo(compact(answer));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void clientsOfTheOldestTransportAreAskedAndAnswerAsItWas(String method, String target)
      throws MalformedMessage, InterruptedException {
    var payloads = new Payloads(SEED, "2025-11-25");
    try (SseClient client =
        SseClient.connect(gateway, gateway.adminToken(), "/sse/" + target)
            .initialize("2025-11-25", ALL)) {
      for (int i = 0; i < VALUES; i++) {
        String asked = payloads.question(method);
        String answer = payloads.answer(method);
        question = "\"method\":\"" + method + "\",\"params\":" + asked;
        client.post(
            "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"tools/call\",\"params\":{\"name\":\"asking\"}}"
                .formatted(i));

        EventClient.Event got = client.stream().next(event -> event.method().equals(method));
        assertThat(payload(RawJson.of(params(got.data()))))
            .as(seed())
            .isEqualTo(payload(RawJson.of(asked)));

        client.post(
            "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":%s}"
                .formatted(got.json().get("id"), answer));

        assertThat(client.stream().answer().path("result").toString())
            .as(seed())
            .isEqualTo("{\"content\":[]}");
        assertThat(compact(told(target))).as(seed()).isEqualTo(compact(answer));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void statelessClientsAreAskedAndAnswerAsItWas(String method, String target)
      throws MalformedMessage {
    var payloads = new Payloads(SEED, "2025-11-25");
    McpTestClient http = gateway.client(gateway.adminToken(), target);
    for (int i = 0; i < VALUES; i++) {
      String asked = payloads.question(method);
      String answer = payloads.answer(method);
      question = "\"method\":\"" + method + "\",\"params\":" + asked;

      JsonObject first = MessageReader.readObject(JsonTexts.result(call(http, "")));

      JsonObject.Member request =
          MessageReader.readObject(first.value("inputRequests").orElseThrow()).members().getFirst();
      assertThat(payload(RawJson.of(params(request.value().toString()))))
          .as(seed())
          .isEqualTo(payload(RawJson.of(asked)));
      String state =
          first.value("requestState").map(text -> ",\"requestState\":" + text).orElse("");
      String done =
          call(http, ",\"inputResponses\":{\"%s\":%s}%s".formatted(request.name(), answer, state));
      assertThat(payload(JsonTexts.result(done))).as(done).containsExactly("content:[]");
      assertThat(compact(told(target))).as(seed()).isEqualTo(compact(answer));
    }
  }

  private static String call(McpTestClient http, String more) {
    String body =
        """
        {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"asking","_meta":{\
        "io.modelcontextprotocol/protocolVersion":"2026-07-28",\
        "io.modelcontextprotocol/clientCapabilities":%s}%s}}\
        """
            .formatted(TestGateway.json(ALL), more);
    return http.send(
            "POST",
            BodyPublishers.ofString(body),
            StatelessClient.headers("tools/call", Map.of("name", "asking")))
        .body();
  }
}
