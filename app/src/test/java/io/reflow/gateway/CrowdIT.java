package io.reflow.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.FakeTools;
import io.reflow.gateway.testing.GatewayProcess;
import io.reflow.gateway.testing.RawClient;
import io.reflow.gateway.testing.StatelessClient;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Many who wait at the same time fit in a small gateway, and each of them is served in the end.
///
/// `-Dcrowd.size=2000` measures it in full: the gateway's process is told of on standard error
/// while all wait, and what a suspended call costs is held against what it may.
class CrowdIT {

  private static final boolean MEASURED = Integer.getInteger("crowd.size") != null;
  private static final int SIZE = Integer.getInteger("crowd.size", 400);
  private static final long MOST_OF_A_CALL = 20_000;

  /// A user may have so many calls suspended, and so many streams.
  private static final int OF_ONE_USER = 20;

  /// One class of objects; gaps between them count as objects, too.
  private static final Pattern LIVING = Pattern.compile("(?m)^ *\\d+: +\\d+ +(\\d+) +(?!.*Filler)");

  private static final String LISTEN = "subscriptions/listen";
  private static final Map<String, Object> QUESTION =
      Map.of(
          "name",
          "web_question",
          "arguments",
          Map.of("ask", "elicitation/create", "message", "Name?", "requestedSchema", Map.of()));
  private static final Map<String, ?> ACCEPTED =
      Map.of("action", "accept", "content", Map.of("name", "ann"));

  private static final AtomicInteger QUESTIONS = new AtomicInteger();
  private static final Map<String, BlockingQueue<String>> REPLIES = new ConcurrentHashMap<>();

  @TempDir private static Path folder;
  private static FakeMcpServer web;
  private static TestGateway first;
  private static GatewayProcess small;
  private static List<String> tokens;
  private static long heapBefore;

  @BeforeAll
  static void start() {
    web = new FakeMcpServer().list("question").streaming();
    web.script("question", CrowdIT::ask);
    web.script("", CrowdIT::takeReply);
    first = TestGateway.start();
    first.target("web", web);
    tokens =
        IntStream.range(0, SIZE / OF_ONE_USER)
            .mapToObj(i -> first.userToken("user" + i + "@example.com", "admin"))
            .toList();
    small = new GatewayProcess(first, folder, Map.of("MCP_INPUT_TIMEOUT", "30m"), options());
    heapBefore = report("nobody waits");
  }

  @AfterAll
  static void stop() throws InterruptedException {
    small.close();
    first.close();
    web.close();
  }

  /// Asks, and waits for as long as it takes.
  private static void ask(HttpExchange exchange, String request)
      throws IOException, InterruptedException {
    String id = "q" + QUESTIONS.incrementAndGet();
    BlockingQueue<String> reply = new LinkedBlockingQueue<>();
    REPLIES.put(id, reply);
    exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
    exchange.sendResponseHeaders(200, 0);
    write(
        exchange,
        "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"method\":\"elicitation/create\",\"params\":%s}"
            .formatted(id, "{\"message\":\"Name?\",\"requestedSchema\":{}}"));
    String said = reply.poll(30, TimeUnit.MINUTES);
    write(exchange, FakeTools.result(FakeTools.id(request), "{\"reply\":" + said + "}"));
  }

  private static void write(HttpExchange exchange, String message) throws IOException {
    exchange.getResponseBody().write(("data: " + message + "\n\n").getBytes(UTF_8));
    exchange.getResponseBody().flush();
  }

  private static void takeReply(HttpExchange exchange, String reply) throws IOException {
    BlockingQueue<String> waiting = REPLIES.get(FakeTools.id(reply).replace("\"", ""));
    if (waiting != null) {
      waiting.add(reply);
    }
    exchange.sendResponseHeaders(202, -1);
  }

  /// As it is started when it is installed, but for the size of its heap, and open to be looked
  /// into where it is measured.
  private static String[] options() {
    String attach = MEASURED ? "-XX:-DisableAttachMechanism" : "-XX:+DisableAttachMechanism";
    return new String[] {"-Xmx512m", "-XX:+UseCompactObjectHeaders", attach};
  }

  private static StatelessClient client(String token) {
    return new StatelessClient(small.client(token)).can(Map.of("elicitation", Map.of()));
  }

  /// Gives the bytes of all that lives in the heap, if it is measured.
  private static long report(String what) {
    if (!MEASURED) {
      return 0;
    }
    String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
    String pid = Long.toString(small.pid());
    try {
      String _ = output(jcmd, pid, "GC.run");
      String heap = lines(output(jcmd, pid, "GC.heap_info"), " total");
      System.err.println(
          "%s: %s; %s"
              .formatted(
                  what, lines(Files.readString(Path.of("/proc", pid, "status")), "VmRSS"), heap));
      return LIVING
          .matcher(output(jcmd, pid, "GC.class_histogram"))
          .results()
          .mapToLong(one -> Long.parseLong(one.group(1)))
          .sum();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String output(String... command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (BufferedReader reader = process.inputReader(UTF_8)) {
      return reader.readAllAsString();
    }
  }

  private static String lines(String text, String with) {
    return text.lines()
        .filter(line -> line.contains(with))
        .map(line -> line.strip().replaceAll("\\s+", " ").replaceAll(" \\[.*", ""))
        .collect(Collectors.joining(", "));
  }

  @Test
  void aCrowdOfSuspendedCallsFits() {
    List<JsonNode> asked = new ArrayList<>();
    for (String token : tokens) {
      StatelessClient client = client(token);
      for (int i = 0; i < OF_ONE_USER; i++) {
        JsonNode result = client.request("tools/call", QUESTION).result();
        assertThat(result.path("resultType").asText())
            .as(result.toString())
            .isEqualTo("input_required");
        asked.add(result);
      }
    }
    assertThat(asked).hasSize(SIZE);
    long heap = report(SIZE + " suspended calls");
    if (MEASURED) {
      long ofOne = (heap - heapBefore) / SIZE;
      System.err.println("a suspended call: " + ofOne + " bytes");
      assertThat(ofOne).isBetween(1L, MOST_OF_A_CALL);
    }

    for (int i = 0; i < SIZE; i++) {
      Map<String, Object> retry = new HashMap<>(QUESTION);
      retry.put("requestState", asked.get(i).get("requestState").asText());
      String key = asked.get(i).get("inputRequests").fieldNames().next();
      retry.put("inputResponses", Map.of(key, ACCEPTED));

      JsonNode result = client(tokens.get(i / OF_ONE_USER)).request("tools/call", retry).result();

      assertThat(result.at("/reply/result/content/name").asText())
          .as(result.toString())
          .isEqualTo("ann");
    }
  }

  @Test
  void aCrowdOfListenersFits() throws IOException, InterruptedException {
    List<RawClient> listeners = new ArrayList<>();
    try {
      for (String token : tokens) {
        for (int i = 0; i < OF_ONE_USER; i++) {
          var listener = new RawClient(small.port());
          listeners.add(listener);
          listener.send(listen(token, i));
          assertThat(listener.head().status()).isEqualTo(200);
          assertThat(message(listener)).contains("notifications/subscriptions/acknowledged");
        }
      }
      long _ = report(SIZE + " listeners");
      UpstreamFixtures.await(() -> web.streams() > 0);

      web.sendApart(
          "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n\n");

      for (RawClient listener : listeners) {
        assertThat(message(listener)).contains("notifications/tools/list_changed");
      }
    } finally {
      for (RawClient listener : listeners) {
        listener.close();
      }
    }
  }

  private static String listen(String token, int id) {
    String body =
        new StatelessClient(small.client(token))
            .body(id, LISTEN, Map.of("notifications", Map.of("toolsListChanged", true)));
    return """
    POST /mcp HTTP/1.1\r
    Host: localhost\r
    Authorization: Bearer %s\r
    Content-Type: application/json\r
    Accept: application/json, text/event-stream\r
    MCP-Protocol-Version: 2026-07-28\r
    Mcp-Method: %s\r
    Content-Length: %d\r
    \r
    %s\
    """
        .formatted(token, LISTEN, body.length(), body);
  }

  /// The next message; sizes of chunks and keep-alives are passed over.
  private static String message(RawClient listener) throws IOException {
    for (int i = 0; i < 1000; i++) {
      String line = listener.line();
      if (line.startsWith("data: {")) {
        return line;
      }
    }
    throw new AssertionError("the stream has ended");
  }
}
