package io.reflow.gateway.testing;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/// A real Prometheus that scrapes every second. Where the program is absent the test is skipped,
/// but not in CI.
public final class Prometheus implements AutoCloseable {

  private static final String PACKAGE = "prometheus is needed (Debian package 'prometheus')";
  private static final Pattern LISTENS =
      Pattern.compile("msg=\"Listening on\" address=127\\.0\\.0\\.1:(\\d+)");

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final Path log;
  private final Process process;
  private final URI uri;

  private Prometheus(Path folder, Process process, Path log)
      throws IOException, InterruptedException {
    this.process = process;
    this.log = log;
    boolean started = false;
    try {
      UpstreamFixtures.await(() -> listens().find() || !process.isAlive());
      Matcher listens = listens();
      if (!listens.find()) {
        throw new AssertionError("Prometheus did not start in " + folder + ": " + said());
      }
      this.uri = URI.create("http://127.0.0.1:" + listens.group(1));
      UpstreamFixtures.await(() -> status("/-/ready") == 200);
      started = true;
    } finally {
      if (!started) {
        close();
      }
    }
  }

  /// Starts one.
  ///
  /// @param folder of the test, for what it keeps
  /// @param rules a file of rules
  /// @param targets `host:port` of each listener with `/metrics`
  public static Prometheus start(Path folder, Path rules, List<String> targets)
      throws IOException, InterruptedException {
    Path config = folder.resolve("prometheus.yml");
    Files.writeString(
        config,
        """
        global:
          scrape_interval: 1s
          scrape_timeout: 1s
          evaluation_interval: 1s
        rule_files: ['%s']
        scrape_configs:
          - job_name: reflow-gateway
            static_configs:
              - targets: [%s]
        """
            .formatted(
                rules.toAbsolutePath().normalize(),
                targets.stream().map("'%s'"::formatted).collect(Collectors.joining(", "))));
    Path log = folder.resolve("prometheus.log");
    ProcessBuilder program =
        new ProcessBuilder(
            "prometheus",
            "--config.file=" + config,
            "--storage.tsdb.path=" + folder.resolve("data"),
            "--web.listen-address=127.0.0.1:0");
    return new Prometheus(folder, started(program, log), log);
  }

  /// Runs `promtool` and returns what it says if it is content.
  public static String promtool(Path folder, List<String> arguments)
      throws IOException, InterruptedException {
    Path log = folder.resolve("promtool.log");
    ProcessBuilder program = new ProcessBuilder("promtool");
    program.command().addAll(arguments);
    Process process = started(program, log);
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("promtool takes too long");
    }
    String said = Files.readString(log);
    if (process.exitValue() != 0) {
      throw new AssertionError(said);
    }
    return said;
  }

  private static Process started(ProcessBuilder program, Path log) {
    try {
      return program.redirectErrorStream(true).redirectOutput(log.toFile()).start();
    } catch (IOException e) {
      throw NodePackages.absent(PACKAGE);
    }
  }

  private Matcher listens() throws IOException {
    return LISTENS.matcher(said());
  }

  private String said() throws IOException {
    return Files.readString(log);
  }

  /// The values that a query has now; none where it has no data.
  ///
  /// @throws AssertionError when it is no query
  public List<Double> values(String query) {
    JsonNode answer = get("/api/v1/query?query=" + TestGateway.encoded(query));
    if (!answer.get("status").asText().equals("success")) {
      throw new AssertionError(query + "\n" + answer);
    }
    JsonNode data = answer.get("data");
    return data.get("resultType").asText().equals("scalar")
        ? List.of(Double.valueOf(data.get("result").get(1).asText()))
        : StreamSupport.stream(data.get("result").spliterator(), false)
            .map(each -> number(each.get("value").get(1).asText()))
            .toList();
  }

  private static double number(String text) {
    return switch (text) {
      case "+Inf" -> Double.POSITIVE_INFINITY;
      case "-Inf" -> Double.NEGATIVE_INFINITY;
      default -> Double.parseDouble(text);
    };
  }

  /// Any of its API, as JSON.
  public JsonNode get(String path) {
    try {
      return TestGateway.parse(http.send(request(path), BodyHandlers.ofString()).body());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private int status(String path) throws IOException, InterruptedException {
    return http.send(request(path), BodyHandlers.discarding()).statusCode();
  }

  private HttpRequest request(String path) {
    return HttpRequest.newBuilder(uri.resolve(path)).timeout(Duration.ofSeconds(20)).build();
  }

  @Override
  public void close() {
    http.shutdownNow();
    process.destroyForcibly();
    try {
      boolean _ = process.waitFor(10, TimeUnit.SECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
