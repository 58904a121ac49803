package io.reflow.gateway.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.telemetry.Logging;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Measures what the gateway costs between a client and an MCP server, in one run and on one
/// machine beside the same way without a gateway and beside one through a proxy that does nothing.
public final class LoadRun implements AutoCloseable {

  private static final int TARGETS = 20;
  private static final int SESSIONS = 32;
  private static final int LISTS_AT_A_TIME = 1;

  /// A compiler that works for less than this part of the time is at rest.
  private static final int CALM = 50;

  private final Plan plan;
  private final Report report = new Report();
  private final Path work;

  private LoadRun(Plan plan, Path work) {
    this.plan = plan;
    this.work = work;
  }

  public static void main(String[] arguments) {
    Plan plan;
    try {
      plan = Plan.parse(arguments);
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage() + "\n" + Plan.USAGE);
      System.exit(2);
      return;
    }
    System.out.println(run(plan));
  }

  /// Does what is planned and leaves nothing behind.
  ///
  /// @throws IllegalStateException when a server does not start or an answer is wrong
  static Report run(Plan plan) {
    Logging.configure(BareServer.QUIET);
    try (var run = new LoadRun(plan, Files.createTempDirectory("load-run-"))) {
      run.measure();
      return run.report;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void measure() throws IOException {
    Path data = work.resolve("data");
    progress("starting the gateway for the first time");
    String token;
    try (var gateway = GatewayProcess.start(plan, data)) {
      report.fact("first start to ready, with a new database", gateway.startUp());
      token = gateway.clientToken();
    }
    progress("starting everything");
    try (var gateway = GatewayProcess.start(plan, data);
        var echo = ServerProcess.start(EchoServer.class);
        var pass = ServerProcess.start(PassThrough.class, url(echo))) {
      report.fact("start to ready, with the database of before", gateway.startUp());
      report.fact("memory of the gateway after its start", gateway.residentMebibytes());
      report.fact("memory of the pass-through after its start", pass.residentMebibytes());
      measure(gateway, echo, pass, token);
      report.fact("memory of the gateway under load", gateway.residentMebibytes());
      report.fact("memory of the pass-through under load", pass.residentMebibytes());
    }
  }

  private static String url(ServerProcess server) {
    return "http://127.0.0.1:%d/mcp".formatted(server.port());
  }

  private void measure(GatewayProcess gateway, ServerProcess echo, ServerProcess pass, String token)
      throws IOException {
    gateway.login();
    IntStream.range(0, TARGETS).forEach(i -> gateway.addTarget(http("echo-" + i, url(echo))));
    boolean stdio = addStdioTarget(gateway);
    List<String> sessions =
        IntStream.range(0, SESSIONS).mapToObj(_ -> gateway.openSession(token)).toList();
    List<Way> ways = new ArrayList<>();
    ways.add(new Way(Report.DIRECT, echo, i -> call(Map.of(), i, "echo")));
    ways.add(new Way(Report.PASS_THROUGH, pass, i -> call(Map.of(), i, "echo")));
    IntFunction<Map<String, String>> headers =
        i ->
            Map.of(
                "Authorization",
                "Bearer " + token,
                "Mcp-Session-Id",
                sessions.get(i % SESSIONS),
                "MCP-Protocol-Version",
                "2025-11-25");
    ways.add(
        new Way(Report.GATEWAY, gateway.process(), i -> call(headers.apply(i), i, "echo-0_echo")));
    if (stdio) {
      ways.add(
          new Way(Report.STDIO, gateway.process(), i -> call(headers.apply(i), i, "node_echo")));
    }
    warmUp(ways);
    measureList(gateway, token, headers);
    plan.connections().forEach(connections -> report.add(rows(ways, connections)));
  }

  private static Question call(Map<String, String> headers, int connection, String tool) {
    int id = 1000 + connection;
    return Question.of(
        headers, Question.call(id, tool), Echo.answer("tools/call", Integer.toString(id)));
  }

  private static Map<String, ?> http(String name, String url) {
    return Map.of("name", name, "transport_type", "streamable-http", "url", url);
  }

  /// False where there is no Node to run one.
  private boolean addStdioTarget(GatewayProcess gateway) throws IOException {
    Optional<Path> node =
        Stream.of(System.getenv().getOrDefault("PATH", "").split(":", -1))
            .map(folder -> Path.of(folder, "node"))
            .filter(Files::isExecutable)
            .findFirst();
    if (node.isEmpty()) {
      report.note("STDIO", "not measured: there is no node on the PATH");
      return false;
    }
    Path script = work.resolve("echo.mjs");
    try (InputStream source = LoadRun.class.getResourceAsStream("echo.mjs")) {
      if (source == null) {
        throw new IllegalStateException("echo.mjs is not beside this class");
      }
      Files.copy(source, script);
    }
    Path result = Files.writeString(work.resolve("result.json"), Echo.RESULT, UTF_8);
    gateway.addTarget(
        Map.of(
            "name",
            "node",
            "transport_type",
            "stdio",
            "command",
            node.get().toString(),
            "args",
            List.of(script.toString(), result.toString())));
    return true;
  }

  private void warmUp(List<Way> ways) {
    for (Way way : ways) {
      progress("warming up: " + way.name());
      Sample _ = Load.run(way, 16, plan.warmUp());
    }
  }

  /// A list of all targets, when the gateway has asked each of them before.
  private void measureList(
      GatewayProcess gateway, String token, IntFunction<Map<String, String>> headers) {
    progress("asking for lists");
    Optional<String> session = Optional.of(headers.apply(0).getOrDefault("Mcp-Session-Id", ""));
    String message = Question.list(1);
    String list = gateway.mcp(token, session, message).body();
    JsonNode tools = GatewayProcess.read(list).path("result").path("tools");
    if (tools.size() < TARGETS * Echo.tools()) {
      throw new IllegalStateException("a list with %d tools: %s".formatted(tools.size(), list));
    }
    Way way =
        new Way(
            "tools/list",
            gateway.process(),
            _ -> Question.of(headers.apply(0), message, list.getBytes(UTF_8)));
    Sample sample = Load.run(way, LISTS_AT_A_TIME, plan.round());
    String what = "tools/list over %d targets, %d tools, p%d";
    report.fact(what.formatted(TARGETS, tools.size(), 50), sample.latencies().quantile(0.5));
    report.fact(what.formatted(TARGETS, tools.size(), 99), sample.latencies().quantile(0.99));
  }

  private List<Row> rows(List<Way> ways, int connections) {
    settle(ways, connections);
    Map<Way, Row> rows = new LinkedHashMap<>();
    ways.forEach(way -> rows.put(way, new Row(way.name(), connections)));
    for (int round = 1; round <= plan.rounds(); round++) {
      progress("%d connections, round %d".formatted(connections, round));
      rows.forEach((way, row) -> row.add(Load.run(way, connections, plan.round())));
    }
    return List.copyOf(rows.values());
  }

  /// Asks as it will be measured until the servers' compilers have come to rest: what a compiler
  /// does once would otherwise count as a cost of the calls in between, the more of it the larger
  /// the program.
  private void settle(List<Way> ways, int connections) {
    for (int round = 1; round <= plan.unmeasured(); round++) {
      progress("%d connections, not measured, round %d".formatted(connections, round));
      boolean calm = true;
      for (Way way : ways) {
        Duration before = way.server().compiling();
        Sample _ = Load.run(way, connections, plan.round());
        Duration compiled = way.server().compiling().minus(before);
        calm &= compiled.compareTo(plan.round().dividedBy(CALM)) <= 0;
      }
      if (calm) {
        return;
      }
    }
    report.note(
        "%d connections".formatted(connections),
        "a compiler still worked when the measuring began");
  }

  private static void progress(String what) {
    System.err.println(what + " ...");
  }

  @Override
  public void close() throws IOException {
    try (Stream<Path> files = Files.walk(work)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
