package io.reflow.gateway.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.telemetry.Logging;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Measures what the gateway costs between a client and an MCP server, in one run and on one
/// machine beside the same way without a gateway and beside one through a proxy that does nothing.
public final class LoadRun {

  private static final int TARGETS = 20;
  private static final int LISTS_AT_A_TIME = 1;

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
    System.out.println(plan.observability() ? ObservabilityRun.run(plan) : run(plan));
  }

  /// Does what is planned and leaves nothing behind.
  ///
  /// @throws IllegalStateException when a server does not start or an answer is wrong
  static Report run(Plan plan) {
    Logging.configure(BareServer.QUIET);
    try (var scratch = Scratch.create()) {
      var run = new LoadRun(plan, scratch.folder());
      run.measure();
      return run.report;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void measure() throws IOException {
    Path data = work.resolve("data");
    Turns.progress("starting the gateway for the first time");
    String token;
    try (var gateway = GatewayProcess.start(plan, data)) {
      report.fact("first start to ready, with a new database", gateway.startUp());
      token = gateway.clientToken();
    }
    Turns.progress("starting everything");
    try (var gateway = GatewayProcess.start(plan, data);
        var echo = ServerProcess.start(EchoServer.class);
        var pass = ServerProcess.start(PassThrough.class, echo.mcp())) {
      report.fact("start to ready, with the database of before", gateway.startUp());
      report.fact("memory of the gateway after its start", gateway.residentMebibytes());
      report.fact("memory of the pass-through after its start", pass.residentMebibytes());
      measure(gateway, echo, pass, token);
      report.fact("memory of the gateway under load", gateway.residentMebibytes());
      report.fact("memory of the pass-through under load", pass.residentMebibytes());
    }
  }

  private void measure(GatewayProcess gateway, ServerProcess echo, ServerProcess pass, String token)
      throws IOException {
    gateway.login();
    IntStream.range(0, TARGETS).forEach(i -> gateway.addHttpTarget("echo-" + i, echo.mcp()));
    boolean stdio = addStdioTarget(gateway);
    var clients = Clients.open(gateway, token);
    List<Way> ways = new ArrayList<>();
    ways.add(new Way(Report.DIRECT, echo, i -> Clients.call(Map.of(), i, "echo")));
    ways.add(new Way(Report.PASS_THROUGH, pass, i -> Clients.call(Map.of(), i, "echo")));
    ways.add(gateway.way(Report.GATEWAY, i -> clients.call(i, "echo-0_echo")));
    if (stdio) {
      ways.add(gateway.way(Report.STDIO, i -> clients.call(i, "node_echo")));
    }
    var turns = new Turns(plan, ways);
    turns.warmUp();
    measureList(gateway, clients);
    plan.connections().forEach(connections -> report.add(turns.rows(connections)));
    turns
        .restless()
        .forEach(connections ->
            report.note(
                "%d connections".formatted(connections),
                "a compiler still worked when the measuring began"));
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

  /// A list of all targets, when the gateway has asked each of them before.
  private void measureList(GatewayProcess gateway, Clients clients) {
    Turns.progress("asking for lists");
    String message = Question.list(1);
    String list = gateway.mcp(clients.token(), Optional.of(clients.session(0)), message).body();
    JsonNode tools = GatewayProcess.read(list).path("result").path("tools");
    if (tools.size() < TARGETS * Echo.tools()) {
      throw new IllegalStateException("a list with %d tools: %s".formatted(tools.size(), list));
    }
    Way way =
        new Way(
            "tools/list",
            gateway.process(),
            _ -> Question.of(clients.headers(0), message, list.getBytes(UTF_8)));
    Sample sample = Load.run(way, LISTS_AT_A_TIME, plan.round());
    String what = "tools/list over %d targets, %d tools, p%d";
    report.fact(what.formatted(TARGETS, tools.size(), 50), sample.latencies().quantile(0.5));
    report.fact(what.formatted(TARGETS, tools.size(), 99), sample.latencies().quantile(0.99));
  }
}
