package io.reflow.gateway.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.reflow.gateway.Gateway;
import io.reflow.gateway.config.ConfigLoader;
import io.reflow.gateway.config.DatabaseConfig;
import io.reflow.gateway.config.GatewayConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/// A whole gateway on ports of the system's choice, over a database of its own, with an admin.
/// Closing it leaves nothing behind.
public final class TestGateway implements AutoCloseable {

  public static final String PASSWORD = "correct horse battery";

  /// What signs the login tokens.
  public static final String JWT_SECRET =
      "a secret of the tests, longer than thirty-two characters";

  /// What encrypts the secrets of targets.
  public static final String ENCRYPTION_KEY = "0123456789abcdef0123456789abcdef";

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final TestDatabase database;
  private final InstantSource clock;
  private final boolean replica;
  private final Path dataDir;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final Map<String, String> settings;
  private Gateway gateway;
  private final String adminToken;

  private TestGateway(TestDatabase database, Map<String, String> settings, InstantSource clock) {
    this.database = database;
    this.clock = clock;
    this.replica = false;
    this.dataDir = newFolder();
    this.settings = Map.copyOf(settings);
    this.gateway = Gateway.start(config(), clock);
    this.adminToken =
        post("/api/auth/register", Optional.empty(), credentials("admin@example.com"))
            .require(201)
            .json()
            .get("token")
            .asText();
  }

  private TestGateway(TestGateway first) {
    this.database = first.database;
    this.clock = first.clock;
    this.replica = true;
    this.dataDir = newFolder();
    this.settings = first.settings;
    this.gateway = Gateway.start(config(), clock);
    this.adminToken = first.adminToken;
  }

  private static Path newFolder() {
    try {
      return Files.createTempDirectory("test-gateway-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static TestGateway start() {
    return start(Map.of());
  }

  /// A gateway with other settings than the defaults.
  ///
  /// Starts one with a configuration of its own.
  ///
  /// @param settings configuration as environment variables, such as `SESSION_TIMEOUT`
  public static TestGateway start(Map<String, String> settings) {
    return start(settings, InstantSource.system());
  }

  /// The same by another clock than the machine's.
  public static TestGateway start(Map<String, String> settings, InstantSource clock) {
    return new TestGateway(TestDatabase.fresh(), settings, clock);
  }

  /// Another gateway over the same database, with the same settings. To be closed before this one.
  public TestGateway replica() {
    return new TestGateway(this);
  }

  private GatewayConfig config() {
    return config(database, dataDir, settings);
  }

  /// A configuration for a test, read as the gateway reads its own.
  ///
  /// @param settings environment variables on top
  public static GatewayConfig config(
      TestDatabase database, Path dataDir, Map<String, String> settings) {
    Map<String, String> environment = environment(database, dataDir, settings);
    return new ConfigLoader(environment, dataDir).load(List.of());
  }

  /// The same as environment variables.
  static Map<String, String> environment(
      TestDatabase database, Path dataDir, Map<String, String> settings) {
    DatabaseConfig at = database.config();
    Map<String, String> environment = new HashMap<>();
    environment.put("SERVER_PORT", "0");
    environment.put("MANAGEMENT_PORT", "0");
    environment.put("SERVER_DATA_DIR", dataDir.toString());
    environment.put("SERVER_SHUTDOWN_GRACE", "1s");
    environment.put("SHUTDOWN_FLIGHT_DRAIN", "0s");
    environment.put("DATABASE_HOST", at.host().orElseThrow());
    environment.put("DATABASE_PORT", Integer.toString(at.port()));
    environment.put("DATABASE_NAME", at.name());
    environment.put("DATABASE_USER", at.user());
    environment.put("DATABASE_PASSWORD", at.password().orElseThrow().reveal());
    environment.put("DATABASE_SSLMODE", at.sslmode());
    environment.put("JWT_SECRET", JWT_SECRET);
    environment.put("ENCRYPTION_KEY", ENCRYPTION_KEY);
    environment.put("AUTH_MAX_CONCURRENT_PASSWORD_HASHES", "8");
    environment.putAll(settings);
    return environment;
  }

  /// Stops the gateway and starts it anew over the same data, on another port.
  public void restart() {
    gateway.close();
    gateway = Gateway.start(config(), clock);
  }

  public TestDatabase database() {
    return database;
  }

  public Path dataDir() {
    return dataDir;
  }

  public URI uri(String path) {
    return URI.create("http://127.0.0.1:%d%s".formatted(gateway.port(), path));
  }

  public URI managementUri(String path) {
    return URI.create("http://127.0.0.1:%d%s".formatted(gateway.managementPort(), path));
  }

  public int port() {
    return gateway.port();
  }

  /// The port for other replicas, or -1 without one.
  public int internalPort() {
    return gateway.internalPort();
  }

  /// The token of the first user.
  public String adminToken() {
    return adminToken;
  }

  /// Makes a user and logs in.
  public String userToken(String email, String role, String... groups) {
    String body =
        json(Map.of("email", email, "password", PASSWORD, "role", role, "groups", List.of(groups)));
    post("/api/users", Optional.of(adminToken), body).require(201);
    return login(email);
  }

  /// The id of the user that a token belongs to.
  public String userId(String token) {
    return get("/api/auth/me", token).require(200).json().get("id").asText();
  }

  public String login(String email) {
    return post("/api/auth/login", Optional.empty(), credentials(email))
        .require(200)
        .json()
        .get("token")
        .asText();
  }

  /// Makes an API token for the user that a login token belongs to.
  public String apiToken(String login, String name) {
    return post("/api/auth/tokens", Optional.of(login), json(Map.of("name", name)))
        .require(201)
        .json()
        .get("token")
        .asText();
  }

  private static String credentials(String email) {
    return json(Map.of("email", email, "password", PASSWORD));
  }

  /// Makes a target and tells its id.
  ///
  /// @param fields besides the name, as the REST API takes them
  public String target(String name, Map<String, ?> fields) {
    Map<String, Object> body = new HashMap<>(fields);
    body.put("name", name);
    return admin("POST", "/api/targets", body).require(201).json().get("id").asText();
  }

  /// Makes a target of an HTTP server.
  public String target(String name, FakeMcpServer server) {
    return target(name, http(server.url()));
  }

  /// Makes a target of a child process.
  public String target(String name, List<String> command) {
    return target(name, stdio(command));
  }

  /// The fields of a target over HTTP.
  public static Map<String, ?> http(URI url) {
    return Map.of("transport_type", "streamable-http", "url", url.toString());
  }

  /// The fields of a target that is a child process.
  public static Map<String, ?> stdio(List<String> command) {
    return Map.of(
        "transport_type",
        "stdio",
        "command",
        command.getFirst(),
        "args",
        command.subList(1, command.size()));
  }

  /// Makes a policy and tells its id.
  public String policy(Map<String, ?> fields) {
    return admin("POST", "/api/policies", fields).require(201).json().get("id").asText();
  }

  /// Lets a user use everything of a target, and tells the id of the rule.
  public String allow(String target, String token) {
    return policy(
        Map.of(
            "name",
            "allow " + target,
            "target_id",
            target,
            "resource_type",
            "all",
            "effect",
            "allow",
            "subjects",
            List.of(user(userId(token)))));
  }

  /// Lets a user use one tool of a target, and tells the id of the rule.
  public String allowTool(String target, String tool, String token) {
    return policy(
        Map.of(
            "name",
            "allow " + tool + " of " + target,
            "target_id",
            target,
            "resource_type",
            "tool",
            "resource_pattern",
            tool,
            "effect",
            "allow",
            "subjects",
            List.of(user(userId(token)))));
  }

  /// The subject of a rule that concerns one user.
  public static Map<String, ?> user(String id) {
    return Map.of("subject_type", "user", "subject_value", id);
  }

  /// The newest rows of the audit log, newest first, as the admin sees them.
  ///
  /// @param query such as `method=tools/call`
  public List<JsonNode> logs(String query) {
    JsonNode rows = admin("GET", "/api/logs?limit=500&" + query).require(200).json();
    return StreamSupport.stream(rows.spliterator(), false).toList();
  }

  /// Waits for a row of the audit log; they arrive in batches.
  public JsonNode row(String query, Predicate<JsonNode> wanted) throws InterruptedException {
    UpstreamFixtures.await(() -> logs(query).stream().anyMatch(wanted));
    return logs(query).stream().filter(wanted).findFirst().orElseThrow();
  }

  /// A value as a part of a query.
  public static String encoded(String value) {
    return URLEncoder.encode(value, StandardCharsets.UTF_8);
  }

  /// Does something as the admin.
  public Response admin(String method, String path, Object body) {
    return send(method, path, Optional.of(adminToken), Optional.of(json(body)));
  }

  public Response admin(String method, String path) {
    return send(method, path, Optional.of(adminToken), Optional.empty());
  }

  public Response get(String path, String token) {
    return send("GET", path, Optional.of(token), Optional.empty());
  }

  public Response post(String path, Optional<String> token, String body) {
    return send("POST", path, token, Optional.of(body));
  }

  public Response send(String method, String path, Optional<String> token, Optional<String> body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri(path))
            .timeout(Duration.ofSeconds(60))
            .method(method, body.map(BodyPublishers::ofString).orElse(BodyPublishers.noBody()));
    token.ifPresent(text -> request.header("Authorization", "Bearer " + text));
    body.ifPresent(_ -> request.header("Content-Type", "application/json"));
    try {
      var response = http.send(request.build(), BodyHandlers.ofString());
      return new Response(response.statusCode(), response.headers().map(), response.body());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /// An answer of the REST API.
  public record Response(int status, Map<String, List<String>> headers, String body) {

    public Response require(int expected) {
      if (status != expected) {
        throw new AssertionError("expected %d, got %d: %s".formatted(expected, status, body));
      }
      return this;
    }

    public JsonNode json() {
      return parse(body);
    }
  }

  /// A session of the initialize era, as a client has it.
  public McpTestClient client(String token) {
    return new McpTestClient(http, uri("/mcp"), token);
  }

  /// A session with one target under its bare names.
  public McpTestClient client(String token, String target) {
    return new McpTestClient(http, uri("/mcp/" + target), token);
  }

  public static JsonNode parse(String text) {
    try {
      return MAPPER.readTree(text);
    } catch (IOException e) {
      throw new UncheckedIOException(text, e);
    }
  }

  public static String json(Object value) {
    try {
      return MAPPER.writeValueAsString(value);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Stops the gateway alone, as a signal does.
  public void stop() {
    gateway.close();
  }

  @Override
  public void close() {
    http.shutdownNow();
    gateway.close();
    if (!replica) {
      database.close();
    }
    delete(dataDir);
  }

  private static void delete(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
