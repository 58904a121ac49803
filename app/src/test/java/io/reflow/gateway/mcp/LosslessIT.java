package io.reflow.gateway.mcp;

import static io.reflow.gateway.testing.JsonTexts.compact;
import static io.reflow.gateway.testing.JsonTexts.payload;
import static io.reflow.gateway.testing.JsonTexts.result;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import io.reflow.gateway.protocol.JsonArray;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.FakeMcpServer.Received;
import io.reflow.gateway.testing.FakeMcpServer.Script;
import io.reflow.gateway.testing.FakeStatelessServer;
import io.reflow.gateway.testing.FakeTools;
import io.reflow.gateway.testing.FakeTools.Peer;
import io.reflow.gateway.testing.JsonTexts;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.McpTestClient.Reply;
import io.reflow.gateway.testing.Payloads;
import io.reflow.gateway.testing.PipedServer;
import io.reflow.gateway.testing.SseClient;
import io.reflow.gateway.testing.StatelessClient;
import io.reflow.gateway.testing.TestGateway;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Nothing is lost on the way: whatever a target of any revision answers, and whatever a client of
/// any revision asks, comes out of the gateway as it went in, but for what the protocol makes it
/// change. Values are made up; `-Dlossless.seed=N` makes up the same again.
class LosslessIT {

  private static final long SEED = Long.getLong("lossless.seed", new Random().nextLong());
  private static final int VALUES = 8;
  private static final int ENTRIES = 12;

  private static final String STATELESS = "2026-07-28";
  private static final List<Side> CLIENTS =
      List.of(
          new Side("2024-11-05", Way.SSE),
          new Side("2024-11-05", Way.HTTP),
          new Side("2025-03-26", Way.HTTP),
          new Side("2025-06-18", Way.HTTP),
          new Side("2025-11-25", Way.HTTP),
          new Side(STATELESS, Way.HTTP));
  private static final List<Side> TARGETS =
      List.of(
          new Side("2024-11-05", Way.SSE),
          new Side("2024-11-05", Way.STDIO),
          new Side("2025-03-26", Way.HTTP),
          new Side("2025-06-18", Way.HTTP),
          new Side("2025-11-25", Way.HTTP),
          new Side("2025-11-25", Way.STDIO),
          new Side(STATELESS, Way.HTTP),
          new Side(STATELESS, Way.STDIO));

  private static final String RESOURCE = "a://1";
  private static final String CAPABILITIES =
      "\"capabilities\":{\"tools\":{},\"prompts\":{},\"resources\":{},\"completions\":{},"
          + "\"logging\":{}},\"serverInfo\":{\"name\":\"fake\",\"version\":\"1\"}";

  private static TestGateway gateway;
  private static final Map<Side, Client> KNOWN = new HashMap<>();
  private static final List<AutoCloseable> SERVERS = new ArrayList<>();

  /// What a target is to answer next, whatever it is asked.
  private static final Map<Side, AtomicReference<String>> ANSWERS = new ConcurrentHashMap<>();

  private static final Map<Side, Map<String, List<String>>> LISTS = new HashMap<>();

  /// What a target was sent.
  private static final Map<Side, Supplier<List<String>>> SENT = new HashMap<>();

  /// How messages travel.
  enum Way {
    HTTP("Streamable HTTP"),
    SSE("HTTP+SSE"),
    STDIO("STDIO");

    private final String words;

    Way(String words) {
      this.words = words;
    }
  }

  /// A client or a target: what it speaks, and how.
  record Side(String revision, Way way) {

    boolean stateless() {
      return revision.equals(STATELESS);
    }

    /// The target's name.
    String name() {
      return "t" + revision.replace("-", "") + way.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public String toString() {
      return revision + " over " + way.words;
    }
  }

  @BeforeAll
  static void start() {
    gateway = TestGateway.start();
    for (Side target : TARGETS) {
      ANSWERS.put(target, new AtomicReference<>("{}"));
      LISTS.put(target, madeUp(target));
      // Over a pipe, or one stream, nobody else's call can be meant by what names none.
      Map<String, Object> fields = new HashMap<>(server(target));
      fields.put("isolation_boundary", "per_user");
      gateway.target(target.name(), fields);
    }
  }

  private static AtomicReference<String> answers(Side target) {
    return ANSWERS.getOrDefault(target, new AtomicReference<>());
  }

  private static Map<String, List<String>> lists(Side target) {
    return LISTS.getOrDefault(target, Map.of());
  }

  /// Starts the target's server.
  private static Map<String, ?> server(Side target) {
    return switch (target.way()) {
      case HTTP -> target.stateless() ? statelessServer(target) : sessionServer(target);
      case SSE -> {
        List<String> sent = new CopyOnWriteArrayList<>();
        SENT.put(target, () -> sent);
        FakeMcpServer server =
            opened(new FakeMcpServer())
                .talking((message, peer) -> talk(target, sent, message, peer));
        yield Map.of("transport_type", "sse", "url", server.sseUrl().toString());
      }
      case STDIO -> {
        List<String> sent = new CopyOnWriteArrayList<>();
        SENT.put(target, () -> sent);
        var server = new PipedServer((message, peer) -> talk(target, sent, message, peer));
        yield TestGateway.stdio(opened(server).command());
      }
    };
  }

  private static <T extends AutoCloseable> T opened(T server) {
    SERVERS.add(server);
    return server;
  }

  private static Map<String, ?> statelessServer(Side target) {
    FakeStatelessServer server = opened(new FakeStatelessServer());
    SENT.put(target, () -> server.received().stream().map(Received::body).toList());
    scripts(target).forEach(server::script);
    server.answer("server/discover", introduction(target));
    return TestGateway.http(server.url());
  }

  private static Map<String, ?> sessionServer(Side target) {
    FakeMcpServer server = opened(new FakeMcpServer());
    SENT.put(target, () -> server.received().stream().map(Received::body).toList());
    scripts(target).forEach(server::script);
    server.script(
        "initialize",
        (exchange, request) -> {
          exchange.getResponseHeaders().set("Mcp-Session-Id", "s");
          respond(exchange, request, introduction(target));
        });
    server.script("notifications/initialized", Script.respond(202, "text/plain", ""));
    server.answer("logging/setLevel", "{}");
    return TestGateway.http(server.url());
  }

  private static String introduction(Side target) {
    return target.stateless()
        ? "{\"resultType\":\"complete\",\"supportedVersions\":[\"2026-07-28\"],\"ttlMs\":0,"
            + "\"cacheScope\":\"private\","
            + CAPABILITIES
            + "}"
        : "{\"protocolVersion\":\"" + target.revision() + "\"," + CAPABILITIES + "}";
  }

  private static void respond(HttpExchange exchange, String request, String result)
      throws IOException, InterruptedException {
    Script.respond(200, "application/json", FakeTools.result("$id", result))
        .answer(exchange, request);
  }

  private static Map<String, Script> scripts(Side target) {
    Script said = (exchange, request) -> say(exchange, request, answers(target).get());
    Map<String, Script> scripts = new HashMap<>();
    for (String asked :
        List.of(
            "tool0",
            // Who asks stands before what is asked for in some requests, and has a name too.
            "reflow-gateway",
            "prompts/get",
            "resources/read",
            "completion/complete")) {
      scripts.put(asked, said);
    }
    lists(target)
        .forEach((method, entries) ->
            scripts.put(
                method,
                (exchange, request) -> respond(exchange, request, list(target, method, entries))));
    return scripts;
  }

  private static String list(Side target, String method, List<String> entries) {
    String around =
        target.stateless()
            ? ",\"resultType\":\"complete\",\"ttlMs\":60000,\"cacheScope\":\"private\""
            : "";
    return "{\"" + member(method) + "\":[" + String.join(",", entries) + "]" + around + "}";
  }

  private static String member(String method) {
    return switch (method) {
      case "tools/list" -> "tools";
      case "prompts/list" -> "prompts";
      case "resources/list" -> "resources";
      default -> "resourceTemplates";
    };
  }

  /// The answer is either a result or an error, or an event stream that ends with one.
  private static void say(HttpExchange exchange, String request, String answer) throws IOException {
    boolean stream = answer.startsWith("data:");
    byte[] bytes = meant(answer, request).getBytes(StandardCharsets.UTF_8);
    exchange
        .getResponseHeaders()
        .set("Content-Type", stream ? "text/event-stream" : "application/json");
    exchange.sendResponseHeaders(200, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  private static String meant(String answer, String request) {
    String id = TestGateway.parse(request).get("id").toString();
    String token =
        TestGateway.parse(request).path("params").path("_meta").path("progressToken").toString();
    return answer.replace("$id", id).replace("$token", token);
  }

  /// The same where all takes one way.
  private static void talk(Side target, List<String> sent, String message, Peer peer)
      throws IOException {
    sent.add(message);
    String method = FakeTools.method(message);
    String id = FakeTools.id(message);
    if (id.isEmpty() || method.isEmpty()) {
      return;
    }
    switch (method) {
      case "tools/call", "prompts/get", "resources/read", "completion/complete" -> {
        String said = meant(answers(target).get(), message);
        List<String> messages = said.startsWith("data:") ? texts(said) : List.of(said);
        for (String each : messages) {
          peer.send(compact(each));
        }
      }
      case "logging/setLevel" -> peer.send(FakeTools.result(id, "{}"));
      case String known when known.equals(opening(target)) ->
          peer.send(FakeTools.result(id, introduction(target)));
      case String list when lists(target).containsKey(list) ->
          peer.send(
              FakeTools.result(
                  id, compact(list(target, list, lists(target).getOrDefault(list, List.of())))));
      default ->
          peer.send(
              "{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":{\"code\":-32601,\"message\":\"no\"}}"
                  .formatted(id));
    }
  }

  private static String opening(Side target) {
    return target.stateless() ? "server/discover" : "initialize";
  }

  private static List<String> texts(String events) {
    return events
        .lines()
        .filter(line -> line.startsWith("data:"))
        .map(line -> line.substring(5).strip())
        .toList();
  }

  private static Map<String, List<String>> madeUp(Side target) {
    var payloads = new Payloads(SEED, target.revision());
    return Map.of(
        "tools/list", entries(i -> payloads.tool("tool" + i)),
        "prompts/list", entries(i -> payloads.prompt("prompt" + i)),
        "resources/list",
            entries(i -> payloads.resource(target.name() + RESOURCE + (i == 0 ? "" : "/" + i))),
        "resources/templates/list",
            entries(i -> payloads.template(target.name() + "t://" + i + "/{x}")));
  }

  private static List<String> entries(Function<Integer, String> entry) {
    return IntStream.range(0, ENTRIES).boxed().map(entry).toList();
  }

  @AfterAll
  static void stop() throws Exception {
    for (Client client : KNOWN.values()) {
      client.close();
    }
    gateway.close();
    for (AutoCloseable server : SERVERS) {
      server.close();
    }
    KNOWN.clear();
    SERVERS.clear();
  }

  /// The last request of that method.
  private static String received(Side target, String method) {
    return SENT.getOrDefault(target, List::of).get().stream()
        .filter(message -> FakeTools.method(message).equals(method))
        .reduce((_, later) -> later)
        .orElseThrow();
  }

  /// A client of any revision that sends texts as they are.
  private static final class Client implements AutoCloseable {
    private final Side side;
    private final McpTestClient http;
    private final Optional<SseClient> sse;
    private int ids;

    Client(Side side) throws InterruptedException {
      this.side = side;
      this.http = gateway.client(gateway.adminToken());
      this.sse =
          side.way() == Way.SSE
              ? Optional.of(
                  SseClient.connect(gateway, gateway.adminToken(), "/sse")
                      .initialize(side.revision(), Map.of()))
              : Optional.empty();
      if (sse.isEmpty() && !stateless()) {
        http.initialize(side.revision());
      }
    }

    boolean stateless() {
      return side.stateless();
    }

    /// @param members of `params`, but for `_meta`
    /// @param name what the request is for, for the header that says so
    /// @return the messages as they came, the answer last
    List<String> ask(String method, String members, String meta, String name)
        throws InterruptedException {
      String ownMeta =
          stateless()
              ? "{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
                  + "\"io.modelcontextprotocol/clientCapabilities\":{},"
                  + "\"io.modelcontextprotocol/logLevel\":\"debug\""
                  + (meta.equals("{}") ? "" : ",")
                  + meta.substring(1)
              : meta;
      String body =
          "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"%s\",\"params\":{\"_meta\":%s%s}}"
              .formatted(++ids, method, ownMeta, members.isEmpty() ? "" : "," + members);
      if (sse.isPresent()) {
        return sse.get().ask(body);
      }
      String[] headers =
          stateless()
              ? StatelessClient.headers(method, Map.of("name", name, "uri", name))
              : new String[0];
      Reply reply = http.send("POST", BodyPublishers.ofString(body), headers);
      assertThat(reply.status()).as(reply.body()).isEqualTo(200);
      return reply.texts();
    }

    @Override
    public void close() {
      sse.ifPresent(SseClient::close);
    }
  }

  private static Client client(Side side) throws InterruptedException {
    Client known = KNOWN.get(side);
    if (known == null) {
      known = new Client(side);
      KNOWN.put(side, known);
    }
    return known;
  }

  static Stream<Arguments> pairs() {
    return CLIENTS.stream()
        .flatMap(client -> TARGETS.stream().map(target -> Arguments.of(client, target)));
  }

  private static String older(Side one, Side other) {
    return one.revision().compareTo(other.revision()) < 0 ? one.revision() : other.revision();
  }

  private static String seed() {
    return "-Dlossless.seed=" + SEED;
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void listedEntriesComeDownAsTheyWere(Side side, Side target)
      throws MalformedMessage, InterruptedException {
    Client client = client(side);

    for (Map.Entry<String, List<String>> list : lists(target).entrySet()) {
      String key =
          switch (list.getKey()) {
            case "resources/list" -> "uri";
            case "resources/templates/list" -> "uriTemplate";
            default -> "name";
          };
      RawJson result = result(client.ask(list.getKey(), "", "{}", "").getLast());
      List<String> shown =
          JsonArray.elements(MessageReader.readObject(result).value(member(list.getKey())).get())
              .stream()
              .filter(entry -> name(entry, key).startsWith(target.name()))
              .map(entry -> compact(entry.toString()).replace(target.name() + "_", ""))
              .toList();

      assertThat(shown)
          .as(seed())
          .isEqualTo(list.getValue().stream().map(JsonTexts::compact).toList());
    }
  }

  private static String name(RawJson entry, String key) {
    try {
      return MessageReader.readObject(entry).text(key).orElse("");
    } catch (MalformedMessage e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void resultsComeDownAsTheyWere(Side side, Side target)
      throws MalformedMessage, InterruptedException {
    Client client = client(side);
    var payloads = new Payloads(SEED, older(side, target));
    Map<String, String> around =
        target.stateless() ? Map.of("resultType", "\"complete\"") : Map.of();
    Map<String, String> cached = new HashMap<>(around);
    if (target.stateless()) {
      cached.putAll(Map.of("ttlMs", "5", "cacheScope", "\"public\""));
    }
    for (int i = 0; i < VALUES; i++) {
      check(client, target, "tools/call", payloads.toolResult(around));
      check(client, target, "prompts/get", payloads.promptResult(around));
      check(client, target, "resources/read", payloads.readResult(RESOURCE, cached));
      check(client, target, "completion/complete", payloads.completionResult(around));
    }
  }

  private static void check(Client client, Side target, String method, String result)
      throws MalformedMessage, InterruptedException {
    answers(target).set("{\"jsonrpc\":\"2.0\",\"id\":$id,\"result\":" + result + "}");

    List<String> said = client.ask(method, params(method, target), "{}", subject(method, target));

    RawJson got = result(said.getLast());
    boolean untouched = !client.stateless() && !target.stateless();
    if (untouched) {
      assertThat(compact(got.toString())).as(seed()).isEqualTo(compact(result));
    } else {
      assertThat(payload(got)).as(seed()).isEqualTo(payload(RawJson.of(result)));
    }
  }

  private static String subject(String method, Side target) {
    return switch (method) {
      case "tools/call" -> target.name() + "_tool0";
      case "prompts/get" -> target.name() + "_prompt0";
      default -> target.name() + RESOURCE;
    };
  }

  private static String params(String method, Side target) {
    return switch (method) {
      case "tools/call", "prompts/get" -> "\"name\":\"" + subject(method, target) + "\"";
      case "resources/read" -> "\"uri\":\"" + subject(method, target) + "\"";
      default ->
          "\"ref\":{\"type\":\"ref/prompt\",\"name\":\"%s_prompt0\"},".formatted(target.name())
              + "\"argument\":{\"name\":\"a\",\"value\":\"\"}";
    };
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void errorsComeDownAsTheyWere(Side side, Side target) throws InterruptedException {
    Client client = client(side);
    var payloads = new Payloads(SEED, older(side, target));
    for (int i = 0; i < VALUES; i++) {
      String error = payloads.error();
      answers(target).set("{\"jsonrpc\":\"2.0\",\"id\":$id,\"error\":" + error + "}");

      List<String> said =
          client.ask(
              "tools/call", params("tools/call", target), "{}", subject("tools/call", target));

      assertThat(compact(said.getLast())).as(seed()).endsWith("\"error\":" + compact(error) + "}");
    }
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void whatIsSaidDuringACallComesDownAsItWas(Side side, Side target)
      throws MalformedMessage, InterruptedException {
    Client client = client(side);
    var payloads = new Payloads(SEED, older(side, target));
    String progress =
        payloads.object(
            Map.of("progressToken", "$token", "progress", "1.0", "message", payloads.string()));
    String log = payloads.object(Map.of("level", "\"error\"", "data", payloads.value(4)));
    String around = target.stateless() ? "\"resultType\":\"complete\"," : "";
    answers(target)
        .set(
            event(
                    "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":%s}",
                    progress)
                + event(
                    "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":%s}", log)
                + event("{\"jsonrpc\":\"2.0\",\"id\":$id,\"result\":{%s\"content\":[]}}", around));

    List<String> messages =
        client.ask(
            "tools/call",
            params("tools/call", target),
            "{\"progressToken\":\"mine\"}",
            subject("tools/call", target));

    assertThat(messages).as(seed()).hasSize(3);
    String mine = progress.replace("$token", "\"mine\"");
    assertThat(compact(messages.get(0))).as(seed()).endsWith("\"params\":" + compact(mine) + "}");
    assertThat(compact(messages.get(1))).as(seed()).endsWith("\"params\":" + compact(log) + "}");
    assertThat(payload(result(messages.get(2)))).containsExactly("content:[]");
  }

  private static String event(String format, String value) {
    return "data: " + compact(format.formatted(value)) + "\n\n";
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void requestsGoUpAsTheyWere(Side side, Side target)
      throws MalformedMessage, InterruptedException {
    Client client = client(side);
    var payloads = new Payloads(SEED, older(side, target));
    String answer =
        target.stateless()
            ? "{\"jsonrpc\":\"2.0\",\"id\":$id,\"result\":{\"resultType\":\"complete\"}}"
            : "{\"jsonrpc\":\"2.0\",\"id\":$id,\"result\":{}}";
    answers(target).set(answer);
    for (int i = 0; i < VALUES; i++) {
      for (String method :
          List.of("tools/call", "prompts/get", "resources/read", "completion/complete")) {
        String more =
            method.equals("tools/call") ? "\"arguments\":" + payloads.object(Map.of()) : "";
        String unknown = payloads.object(Map.of("u", payloads.value(3)));
        // Older targets do not know it.
        String context =
            method.equals("completion/complete")
                ? "\"context\":{\"arguments\":" + payloads.object(Map.of()) + "},"
                : "";
        String members =
            Stream.of(
                    context + params(method, target),
                    more,
                    unknown.strip().substring(1, unknown.strip().length() - 1))
                .filter(part -> !part.isEmpty())
                .collect(Collectors.joining(","));
        String meta = payloads.object(Map.of());

        client.ask(method, members, meta, subject(method, target));

        JsonObject sent =
            MessageReader.readObject(
                MessageReader.readObject(RawJson.of(received(target, method)))
                    .value("params")
                    .orElseThrow());
        boolean known = target.revision().compareTo("2025-06-18") >= 0;
        String expected =
            "{\"_meta\":%s,%s}"
                .formatted(meta, known ? members : members.substring(context.length()))
                .replace(target.name() + "_", "");
        assertThat(payload(sent.raw())).as(seed()).isEqualTo(payload(RawJson.of(expected)));
      }
    }
  }
}
