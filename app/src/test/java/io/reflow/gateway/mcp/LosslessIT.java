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
import io.reflow.gateway.testing.JsonTexts;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.McpTestClient.Reply;
import io.reflow.gateway.testing.Payloads;
import io.reflow.gateway.testing.StatelessClient;
import io.reflow.gateway.testing.TestGateway;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
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
  private static final List<String> CLIENTS =
      List.of("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", STATELESS);
  private static final List<String> TARGETS =
      List.of("2025-03-26", "2025-06-18", "2025-11-25", STATELESS);

  private static final String RESOURCE = "a://1";
  private static final String CAPABILITIES =
      "\"capabilities\":{\"tools\":{},\"prompts\":{},\"resources\":{},\"completions\":{},"
          + "\"logging\":{}},\"serverInfo\":{\"name\":\"fake\",\"version\":\"1\"}";

  private static TestGateway gateway;
  private static final Map<String, Client> KNOWN = new HashMap<>();
  private static final List<FakeMcpServer> SESSIONS = new ArrayList<>();
  private static FakeStatelessServer stateless;

  /// What a target is to answer next, whatever it is asked.
  private static final Map<String, AtomicReference<String>> ANSWERS = new ConcurrentHashMap<>();

  private static final Map<String, Map<String, List<String>>> LISTS = new HashMap<>();

  @BeforeAll
  static void start() {
    stateless = new FakeStatelessServer();
    gateway = TestGateway.start();
    for (String revision : TARGETS) {
      LISTS.put(revision, madeUp(revision));
      gateway.target(name(revision), TestGateway.http(server(revision)));
    }
  }

  private static AtomicReference<String> answers(String revision) {
    return ANSWERS.computeIfAbsent(revision, _ -> new AtomicReference<>("{}"));
  }

  private static Map<String, List<String>> lists(String revision) {
    return LISTS.getOrDefault(revision, Map.of());
  }

  private static String name(String revision) {
    return "t" + revision.replace("-", "");
  }

  private static URI server(String revision) {
    if (revision.equals(STATELESS)) {
      scripts(revision).forEach(stateless::script);
      stateless.answer(
          "server/discover",
          "{\"resultType\":\"complete\",\"supportedVersions\":[\"2026-07-28\"],\"ttlMs\":0,"
              + "\"cacheScope\":\"private\","
              + CAPABILITIES
              + "}");
      return stateless.url();
    }
    FakeMcpServer server = new FakeMcpServer();
    SESSIONS.add(server);
    scripts(revision).forEach(server::script);
    server.script(
        "initialize",
        (exchange, request) -> {
          exchange.getResponseHeaders().set("Mcp-Session-Id", "s");
          respond(
              exchange, request, "{\"protocolVersion\":\"" + revision + "\"," + CAPABILITIES + "}");
        });
    server.script("notifications/initialized", Script.respond(202, "text/plain", ""));
    server.answer("logging/setLevel", "{}");
    return server.url();
  }

  private static void respond(HttpExchange exchange, String request, String result)
      throws IOException, InterruptedException {
    Script.respond(200, "application/json", FakeTools.result("$id", result))
        .answer(exchange, request);
  }

  private static Map<String, Script> scripts(String revision) {
    Script said = (exchange, request) -> say(exchange, request, answers(revision).get());
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
    lists(revision)
        .forEach((method, entries) ->
            scripts.put(
                method,
                (exchange, request) ->
                    respond(exchange, request, list(revision, method, entries))));
    return scripts;
  }

  private static String list(String revision, String method, List<String> entries) {
    String around =
        revision.equals(STATELESS)
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
    String id = TestGateway.parse(request).get("id").toString();
    String token =
        TestGateway.parse(request).path("params").path("_meta").path("progressToken").toString();
    byte[] bytes =
        answer.replace("$id", id).replace("$token", token).getBytes(StandardCharsets.UTF_8);
    exchange
        .getResponseHeaders()
        .set("Content-Type", stream ? "text/event-stream" : "application/json");
    exchange.sendResponseHeaders(200, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  private static Map<String, List<String>> madeUp(String revision) {
    var payloads = new Payloads(SEED, revision);
    return Map.of(
        "tools/list", entries(i -> payloads.tool("tool" + i)),
        "prompts/list", entries(i -> payloads.prompt("prompt" + i)),
        "resources/list",
            entries(i -> payloads.resource(name(revision) + RESOURCE + (i == 0 ? "" : "/" + i))),
        "resources/templates/list",
            entries(i -> payloads.template(name(revision) + "t://" + i + "/{x}")));
  }

  private static List<String> entries(Function<Integer, String> entry) {
    return IntStream.range(0, ENTRIES).boxed().map(entry).toList();
  }

  @AfterAll
  static void stop() {
    gateway.close();
    SESSIONS.forEach(FakeMcpServer::close);
    stateless.close();
  }

  private static List<Received> received(String target) {
    return target.equals(STATELESS)
        ? stateless.received()
        : SESSIONS.get(TARGETS.indexOf(target)).received();
  }

  /// A client of any revision that sends texts as they are.
  private static final class Client {
    private final String revision;
    private final McpTestClient http;
    private int ids;

    Client(String revision) {
      this.revision = revision;
      this.http = gateway.client(gateway.adminToken());
      if (!stateless()) {
        http.initialize(revision);
      }
    }

    boolean stateless() {
      return revision.equals(STATELESS);
    }

    /// @param members of `params`, but for `_meta`
    /// @param name what the request is for, for the header that says so
    String ask(String method, String members, String meta, String name) {
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
      String[] headers =
          stateless()
              ? StatelessClient.headers(method, Map.of("name", name, "uri", name))
              : new String[0];
      Reply reply = http.send("POST", BodyPublishers.ofString(body), headers);
      assertThat(reply.status()).as(reply.body()).isEqualTo(200);
      return reply.body();
    }
  }

  private static Client client(String revision) {
    return KNOWN.computeIfAbsent(revision, Client::new);
  }

  static Stream<Arguments> pairs() {
    return CLIENTS.stream()
        .flatMap(client -> TARGETS.stream().map(target -> Arguments.of(client, target)));
  }

  private static String older(String one, String other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  private static String seed() {
    return "-Dlossless.seed=" + SEED;
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void listedEntriesComeDownAsTheyWere(String revision, String target) throws MalformedMessage {
    Client client = client(revision);

    for (Map.Entry<String, List<String>> list : lists(target).entrySet()) {
      String key =
          switch (list.getKey()) {
            case "resources/list" -> "uri";
            case "resources/templates/list" -> "uriTemplate";
            default -> "name";
          };
      RawJson result = result(client.ask(list.getKey(), "", "{}", ""));
      List<String> shown =
          JsonArray.elements(MessageReader.readObject(result).value(member(list.getKey())).get())
              .stream()
              .filter(entry -> name(entry, key).startsWith(name(target)))
              .map(entry -> compact(entry.toString()).replace(name(target) + "_", ""))
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
  void resultsComeDownAsTheyWere(String revision, String target) throws MalformedMessage {
    Client client = client(revision);
    var payloads = new Payloads(SEED, older(revision, target));
    Map<String, String> around =
        target.equals(STATELESS) ? Map.of("resultType", "\"complete\"") : Map.of();
    Map<String, String> cached = new HashMap<>(around);
    if (target.equals(STATELESS)) {
      cached.putAll(Map.of("ttlMs", "5", "cacheScope", "\"public\""));
    }
    for (int i = 0; i < VALUES; i++) {
      check(client, target, "tools/call", payloads.toolResult(around));
      check(client, target, "prompts/get", payloads.promptResult(around));
      check(client, target, "resources/read", payloads.readResult(RESOURCE, cached));
      check(client, target, "completion/complete", payloads.completionResult(around));
    }
  }

  private static void check(Client client, String target, String method, String result)
      throws MalformedMessage {
    answers(target).set("{\"jsonrpc\":\"2.0\",\"id\":$id,\"result\":" + result + "}");

    String body = client.ask(method, params(method, target), "{}", subject(method, target));

    RawJson got = result(body);
    boolean untouched = !client.stateless() && !target.equals(STATELESS);
    if (untouched) {
      assertThat(compact(got.toString())).as(seed()).isEqualTo(compact(result));
    } else {
      assertThat(payload(got)).as(seed()).isEqualTo(payload(RawJson.of(result)));
    }
  }

  private static String subject(String method, String target) {
    return switch (method) {
      case "tools/call" -> name(target) + "_tool0";
      case "prompts/get" -> name(target) + "_prompt0";
      default -> name(target) + RESOURCE;
    };
  }

  private static String params(String method, String target) {
    return switch (method) {
      case "tools/call", "prompts/get" -> "\"name\":\"" + subject(method, target) + "\"";
      case "resources/read" -> "\"uri\":\"" + subject(method, target) + "\"";
      default ->
          "\"ref\":{\"type\":\"ref/prompt\",\"name\":\"%s_prompt0\"},".formatted(name(target))
              + "\"argument\":{\"name\":\"a\",\"value\":\"\"}";
    };
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void errorsComeDownAsTheyWere(String revision, String target) {
    Client client = client(revision);
    var payloads = new Payloads(SEED, older(revision, target));
    for (int i = 0; i < VALUES; i++) {
      String error = payloads.error();
      answers(target).set("{\"jsonrpc\":\"2.0\",\"id\":$id,\"error\":" + error + "}");

      String body =
          client.ask(
              "tools/call", params("tools/call", target), "{}", subject("tools/call", target));

      assertThat(compact(body)).as(seed()).endsWith("\"error\":" + compact(error) + "}");
    }
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void whatIsSaidDuringACallComesDownAsItWas(String revision, String target)
      throws MalformedMessage {
    Client client = client(revision);
    var payloads = new Payloads(SEED, older(revision, target));
    String progress =
        payloads.object(
            Map.of("progressToken", "$token", "progress", "1.0", "message", payloads.string()));
    String log = payloads.object(Map.of("level", "\"error\"", "data", payloads.value(4)));
    String around = target.equals(STATELESS) ? "\"resultType\":\"complete\"," : "";
    answers(target)
        .set(
            event(
                    "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":%s}",
                    progress)
                + event(
                    "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":%s}", log)
                + event("{\"jsonrpc\":\"2.0\",\"id\":$id,\"result\":{%s\"content\":[]}}", around));

    String body =
        client.ask(
            "tools/call",
            params("tools/call", target),
            "{\"progressToken\":\"mine\"}",
            subject("tools/call", target));

    List<String> messages =
        body.lines()
            .filter(line -> line.startsWith("data:") && line.length() > 6)
            .map(line -> line.substring(5).strip())
            .toList();
    assertThat(messages).as(seed() + body).hasSize(3);
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
  void requestsGoUpAsTheyWere(String revision, String target) throws MalformedMessage {
    Client client = client(revision);
    var payloads = new Payloads(SEED, older(revision, target));
    String answer =
        target.equals(STATELESS)
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
                MessageReader.readObject(RawJson.of(received(target).getLast().body()))
                    .value("params")
                    .orElseThrow());
        boolean known = target.compareTo("2025-06-18") >= 0;
        String expected =
            "{\"_meta\":%s,%s}"
                .formatted(meta, known ? members : members.substring(context.length()))
                .replace(name(target) + "_", "");
        assertThat(payload(sent.raw())).as(seed()).isEqualTo(payload(RawJson.of(expected)));
      }
    }
  }
}
