package io.reflow.gateway.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The gateway as a user would run it, and what an admin does there.
final class GatewayProcess implements AutoCloseable {

  private static final Pattern LISTENING =
      Pattern.compile("\"message\":\"The gateway is listening\".*\"port\":\"?(\\d+)");
  private static final Map<String, String> ADMIN =
      Map.of("email", "admin@example.com", "password", "correct horse battery");
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final ServerProcess process;
  private final Path data;
  private final Duration startUp;
  private String adminToken = "";

  private GatewayProcess(ServerProcess process, Path data, Duration startUp) {
    this.process = process;
    this.data = data;
    this.startUp = startUp;
  }

  /// How a gateway differs from the one that is shipped.
  ///
  /// @param classes that are found before its own
  /// @param environment further variables of its configuration
  record Variant(Optional<Path> classes, Map<String, String> environment) {

    static final Variant AS_SHIPPED = new Variant(Optional.empty(), Map.of());

    Variant {
      environment = Map.copyOf(environment);
    }
  }

  /// Starts it over a data folder and waits until it is ready.
  static GatewayProcess start(Plan plan, Path data) {
    return start(plan, data, Variant.AS_SHIPPED);
  }

  static GatewayProcess start(Plan plan, Path data, Variant variant) {
    List<String> command = new ArrayList<>(plan.jvmOptions());
    List<String> classPath =
        Stream.concat(
                variant.classes().map(Path::toString).stream(),
                Stream.of(
                    plan.gateway()
                        .map(Path::toString)
                        .orElseGet(() -> System.getProperty("java.class.path", ""))))
            .toList();
    command.add("-cp");
    command.add(String.join(File.pathSeparator, classPath));
    command.add("io.reflow.gateway.Main");
    Map<String, String> environment = new HashMap<>(variant.environment());
    environment.put("SERVER_PORT", "0");
    environment.put("MANAGEMENT_PORT", "0");
    environment.put("SERVER_DATA_DIR", data.toString());
    environment.put("LOGGING_FORMAT", "json");
    long start = System.nanoTime();
    var process = ServerProcess.start(command, environment, GatewayProcess::portIn);
    boolean ready = false;
    try {
      var unready = new GatewayProcess(process, data, Duration.ZERO);
      unready.awaitReady();
      ready = true;
      return new GatewayProcess(process, data, Duration.ofNanos(System.nanoTime() - start));
    } finally {
      if (!ready) {
        process.close();
      }
    }
  }

  private static Optional<Integer> portIn(String line) {
    Matcher listening = LISTENING.matcher(line);
    return listening.find() ? Optional.of(Integer.valueOf(listening.group(1))) : Optional.empty();
  }

  private void awaitReady() {
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (send("GET", "/health/ready", Map.of(), "").statusCode() != 200) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("the gateway is not ready:\n" + process.output());
      }
      Thread.onSpinWait();
    }
  }

  /// From the start of the process to the first time that it said it was ready.
  Duration startUp() {
    return startUp;
  }

  ServerProcess process() {
    return process;
  }

  /// A way that leads through it.
  Way way(String name, IntFunction<Question> questions) {
    return new Way(name, process, this::databaseCpu, questions);
  }

  /// How long the processes of its own PostgreSQL have worked; zero where it uses another one.
  private Duration databaseCpu() {
    Path pidFile = data.resolve("postgres/data/postmaster.pid");
    if (!Files.isReadable(pidFile)) {
      return Duration.ZERO;
    }
    try {
      long pid = Long.parseLong(Files.readAllLines(pidFile).getFirst().strip());
      return ProcessHandle.of(pid).stream()
          .flatMap(server -> Stream.concat(Stream.of(server), server.descendants()))
          .flatMap(each -> each.info().totalCpuDuration().stream())
          .reduce(Duration.ZERO, Duration::plus);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Optional<Long> residentMebibytes() {
    return process.residentMebibytes();
  }

  /// Makes the first user, an admin, and tells a token for clients.
  String clientToken() {
    adminToken = rest("/api/auth/register", "", ADMIN).get("token").asText();
    return rest("/api/auth/tokens", adminToken, Map.of("name", "load run")).get("token").asText();
  }

  /// Logs the admin in.
  void login() {
    HttpResponse<String> response = send("POST", "/api/auth/login", Map.of(), write(ADMIN));
    adminToken = read(response.body()).path("token").asText();
  }

  /// Puts an MCP server behind the gateway that is reached over HTTP.
  void addHttpTarget(String name, String url) {
    addTarget(Map.of("name", name, "transport_type", "streamable-http", "url", url));
  }

  /// Puts an MCP server behind the gateway.
  void addTarget(Map<String, ?> target) {
    JsonNode _ = rest("/api/targets", adminToken, target);
  }

  /// What the gateway says of its audit log: whether it is unbroken, and how many rows it has.
  JsonNode verifyAudit() {
    HttpResponse<String> response = send("GET", "/api/logs/verify", bearer(adminToken), "");
    if (response.statusCode() != 200) {
      throw new IllegalStateException(
          "/api/logs/verify: HTTP %d: %s".formatted(response.statusCode(), response.body()));
    }
    return read(response.body());
  }

  private JsonNode rest(String path, String token, Object body) {
    HttpResponse<String> response = send("POST", path, bearer(token), write(body));
    if (response.statusCode() != 201) {
      throw new IllegalStateException(
          "%s: HTTP %d: %s".formatted(path, response.statusCode(), response.body()));
    }
    return read(response.body());
  }

  private static Map<String, String> bearer(String token) {
    return token.isEmpty() ? Map.of() : Map.of("Authorization", "Bearer " + token);
  }

  /// Opens a session as a client would and tells its id.
  String openSession(String token) {
    HttpResponse<String> opened =
        mcp(
            token,
            Optional.empty(),
            """
            {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",\
            "capabilities":{},"clientInfo":{"name":"load","version":"1"}}}\
            """);
    String session = opened.headers().firstValue("Mcp-Session-Id").orElseThrow();
    var accepted =
        mcp(
            token,
            Optional.of(session),
            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}");
    if (accepted.statusCode() != 202) {
      throw new IllegalStateException("notifications/initialized: " + accepted);
    }
    return session;
  }

  /// Sends one message to the MCP endpoint.
  HttpResponse<String> mcp(String token, Optional<String> session, String message) {
    Map<String, String> headers = new HashMap<>(bearer(token));
    session.ifPresent(id -> headers.put("Mcp-Session-Id", id));
    headers.put("Accept", "application/json, text/event-stream");
    return send("POST", "/mcp", headers, message);
  }

  private HttpResponse<String> send(
      String method, String path, Map<String, String> headers, String body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + process.port() + path))
            .timeout(Duration.ofSeconds(60))
            .header("Content-Type", "application/json")
            .method(
                method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    headers.forEach(request::header);
    try {
      return http.send(request.build(), BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  static JsonNode read(String json) {
    try {
      return JSON.readTree(json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String write(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    http.close();
    process.close();
  }
}
