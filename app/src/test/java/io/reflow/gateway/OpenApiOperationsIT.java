package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.TestGateway;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Calls every operation of the description with its examples, and wrongly in several ways. What
/// comes must be described: the status, and a body that fits its schema and has nothing besides.
class OpenApiOperationsIT {

  private static final SchemaRegistry SCHEMAS =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
  private static final String JSON = "application/json";

  private static TestGateway gateway;
  private static FakeMcpServer web;
  private static JsonNode document;
  private static String user;
  private static HttpClient http;

  private final List<String> problems = new ArrayList<>();

  @BeforeAll
  static void start() {
    gateway = TestGateway.start();
    web = new FakeMcpServer().list("echo");
    gateway.target("web", web);
    user = gateway.userToken("plain@example.com", "developer");
    http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    document = gateway.get("/docs/openapi.json", user).require(200).json();
    strict(document.get("components").get("schemas"));
  }

  @AfterAll
  static void stop() {
    http.shutdownNow();
    gateway.close();
    web.close();
  }

  /// What is not described must not be there.
  private static void strict(JsonNode node) {
    if (node instanceof ObjectNode object
        && object.path("type").asText().equals("object")
        && object.has("properties")
        && !object.has("additionalProperties")) {
      object.put("additionalProperties", false);
    }
    node.forEach(OpenApiOperationsIT::strict);
  }

  private record Operation(String method, String path, JsonNode json) {

    String name() {
      return method + " " + path;
    }

    boolean secured() {
      return !json.has("security");
    }

    Optional<JsonNode> example() {
      JsonNode content = json.at("/requestBody/content").path(JSON);
      return content.isMissingNode() ? Optional.empty() : Optional.of(content.get("example"));
    }

    List<JsonNode> parameters(String in) {
      return StreamSupport.stream(json.path("parameters").spliterator(), false)
          .filter(parameter -> parameter.get("in").asText().equals(in))
          .toList();
    }
  }

  /// What there must be first comes first.
  private static List<Operation> operations() {
    List<Operation> operations = new ArrayList<>();
    document
        .get("paths")
        .properties()
        .forEach(path ->
            path.getValue()
                .properties()
                .forEach(it ->
                    operations.add(
                        new Operation(
                            it.getKey().toUpperCase(Locale.ROOT), path.getKey(), it.getValue()))));
    operations.sort(
        Comparator.comparing(it -> !it.json().get("operationId").asText().equals("createTarget")));
    return operations;
  }

  private record Answer(int status, String type, String body) {}

  @Test
  void examplesAreAnsweredAsDescribed() throws IOException, InterruptedException {
    for (Operation operation : operations()) {
      if (operation.path().equals("/messages")) {
        posted(operation);
      } else {
        answered(operation);
      }
    }

    assertThat(problems).isEmpty();
  }

  private void answered(Operation operation) throws IOException, InterruptedException {
    Map<String, String> places = places(operation);
    Optional<String> body = operation.example().map(JsonNode::toString);
    Answer answer =
        send(operation, uri(operation, places, query(operation)), token(operation), body, JSON);
    boolean upgrade = operation.json().get("responses").has("101");
    if (answer.status() >= 400 != upgrade) {
      problems.add(operation.name() + ": the example is answered with " + answer);
    }
    check(operation, "the example", answer);
    body.ifPresent(_ -> {
      JsonNode schema = operation.json().at("/requestBody/content").get(JSON).get("schema");
      fits(operation.name() + ": the example itself", schema, operation.example().orElseThrow());
    });
  }

  /// What an event stream has told where to post is posted there.
  private void posted(Operation operation) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(gateway.uri("/sse"))
            .timeout(Duration.ofSeconds(60))
            .header("Accept", "text/event-stream")
            .header("Authorization", "Bearer " + gateway.adminToken())
            .build();
    try (InputStream events = http.send(request, BodyHandlers.ofInputStream()).body();
        var lines = new BufferedReader(new InputStreamReader(events, StandardCharsets.UTF_8))) {
      String line = lines.readLine();
      while (line != null && !line.startsWith("data:")) {
        line = lines.readLine();
      }
      assertThat(line).isNotNull();
      URI uri = gateway.uri("/").resolve(line.substring(5).strip());
      Optional<String> body = operation.example().map(JsonNode::toString);
      Answer answer = send(operation, uri, gateway.adminToken(), body, JSON);
      assertThat(answer.status()).isEqualTo(202);
      check(operation, "the example", answer);
    }
  }

  @Test
  void whatIsWrongIsRefusedAsDescribed() throws IOException, InterruptedException {
    String nobody = UUID.randomUUID().toString();
    for (Operation operation : operations()) {
      Map<String, String> places = places(operation);
      String required = operation.path().equals("/messages") ? "?sessionId=none" : "";
      URI uri = uri(operation, places, required);
      Optional<String> body = operation.example().map(JsonNode::toString);
      if (operation.secured()) {
        refused(operation, "no token", 401, send(operation, uri, "", body, JSON));
      }
      if (operation.json().get("x-access").asText().equals("admin")) {
        refused(operation, "no admin", 403, send(operation, uri, user, body, JSON));
      }
      if (body.isPresent()) {
        String token = gateway.adminToken();
        Optional<String> unknown = Optional.of("{\"nonsense\":1}");
        refused(operation, "nonsense", 400, send(operation, uri, token, unknown, JSON));
        Optional<String> broken = Optional.of("{");
        refused(operation, "broken JSON", 400, send(operation, uri, token, broken, JSON));
        refused(operation, "no JSON", 415, send(operation, uri, token, body, "text/plain"));
      }
      // Nobody has no sessions.
      boolean must = !operation.path().equals("/api/users/{id}/recycle");
      if (places.containsKey("id") && operation.secured() && must) {
        places.put("id", nobody);
        Answer answer =
            send(operation, uri(operation, places, ""), gateway.adminToken(), body, JSON);
        refused(operation, "an id of nothing", 404, answer);
      }
      badQueries(operation);
    }

    assertThat(problems).isEmpty();
  }

  private void badQueries(Operation operation) throws IOException, InterruptedException {
    for (JsonNode parameter : operation.parameters("query")) {
      JsonNode schema = parameter.get("schema");
      boolean free =
          schema.get("type").asText().equals("string")
              && !schema.has("format")
              && !schema.has("enum");
      if (!free && operation.path().startsWith("/api/")) {
        String query = "?" + parameter.get("name").asText() + "=nonsense";
        Optional<String> body = operation.example().map(JsonNode::toString);
        URI uri = uri(operation, places(operation), query);
        Answer answer = send(operation, uri, gateway.adminToken(), body, JSON);
        refused(operation, query, 400, answer);
      }
    }
  }

  private void refused(Operation operation, String how, int status, Answer answer) {
    if (answer.status() != status) {
      problems.add("%s: %s is answered with %s".formatted(operation.name(), how, answer));
    }
    check(operation, how, answer);
  }

  private void check(Operation operation, String how, Answer answer) {
    String what = "%s: the %d for %s".formatted(operation.name(), answer.status(), how);
    JsonNode described =
        resolved(operation.json().get("responses").path(Integer.toString(answer.status())));
    JsonNode content = described.path("content");
    if (described.isMissingNode()) {
      problems.add(what + " is not described: " + answer.body());
    } else if (content.isMissingNode()) {
      if (!answer.body().isEmpty()) {
        problems.add(what + " has a body: " + answer.body());
      }
    } else if (!content.has(answer.type())) {
      problems.add(what + " is of type " + answer.type() + " " + answer.body());
    } else if (answer.type().equals(JSON)) {
      fits(what, content.get(JSON).get("schema"), TestGateway.parse(answer.body()));
    }
  }

  private static JsonNode resolved(JsonNode node) {
    return node.has("$ref") ? document.at(node.get("$ref").asText().substring(1)) : node;
  }

  private void fits(String what, JsonNode schema, JsonNode json) {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.setAll((ObjectNode) schema);
    root.set("components", document.get("components"));
    String errors =
        SCHEMAS.getSchema(root).validate(json).stream()
            .map(Object::toString)
            .collect(Collectors.joining("; "));
    if (!errors.isEmpty()) {
      problems.add("%s: %s in %s".formatted(what, errors, json));
    }
  }

  /// Something fresh for each place in a path, with what the operation takes for granted.
  private static Map<String, String> places(Operation operation) {
    String path = operation.path();
    Map<String, String> places = new HashMap<>();
    operation
        .parameters("path")
        .forEach(it -> places.put(it.get("name").asText(), it.get("example").asText()));
    places.computeIfPresent("target", (_, _) -> "web");
    places.computeIfPresent("user", (_, _) -> gateway.userId(gateway.adminToken()));
    places.computeIfPresent("id", (_, _) -> fresh(path));
    if (places.containsKey("sid")) {
      JsonNode policy = gateway.admin("GET", "/api/policies/" + places.get("id")).json();
      places.put("sid", policy.at("/subjects/0/id").asText());
    }
    prepare(operation, places);
    return places;
  }

  private static void prepare(Operation operation, Map<String, String> places) {
    if (!operation.method().equals("DELETE")) {
      return;
    }
    if (places.containsKey("key")) {
      String scope = filled(operation.path().replace("/{key}", ""), places);
      gateway
          .admin("POST", scope, Map.of("key", places.get("key"), "value", "secret"))
          .require(201);
    } else if (operation.path().contains("/tokens/")
        && operation.path().startsWith("/api/targets")) {
      String tokens = filled("/api/targets/{id}/tokens/", places);
      gateway.admin("PUT", tokens + "default", Map.of("token", "t")).require(204);
      gateway.admin("PUT", tokens + "role", Map.of("role", "developer", "token", "t")).require(204);
      gateway
          .admin("PUT", tokens + "group", Map.of("group_name", "backend", "token", "t"))
          .require(204);
    } else if (operation.path().endsWith("/token")) {
      gateway.admin("PUT", filled(operation.path(), places), Map.of("token", "t")).require(204);
    }
  }

  private static String fresh(String path) {
    String number = UUID.randomUUID().toString().substring(0, 8);
    if (path.startsWith("/api/users/")) {
      return gateway.userId(gateway.userToken("fresh-%s@example.com".formatted(number), "user"));
    }
    if (path.startsWith("/api/policies/")) {
      return gateway.policy(
          Map.of(
              "name",
              "fresh " + number,
              "resource_type",
              "all",
              "effect",
              "allow",
              "subjects",
              List.of(Map.of("subject_type", "role", "subject_value", "none"))));
    }
    if (path.startsWith("/api/auth/tokens/")) {
      return gateway
          .admin("POST", "/api/auth/tokens", Map.of("name", "fresh " + number))
          .json()
          .at("/api_token/id")
          .asText();
    }
    boolean process = path.contains("/env") || path.equals("/api/targets/{id}");
    Map<String, Object> fields =
        new HashMap<>(process ? TestGateway.stdio(List.of("cat")) : TestGateway.http(web.url()));
    if (path.contains("/token")) {
      fields.put("auth_type", "bearer");
    }
    fields.put("isolation_boundary", "per_user");
    return gateway.target("fresh-" + number, fields);
  }

  private static String filled(String path, Map<String, String> places) {
    String filled = path;
    for (var place : places.entrySet()) {
      filled = filled.replace("{" + place.getKey() + "}", place.getValue());
    }
    return filled;
  }

  private static URI uri(Operation operation, Map<String, String> places, String query) {
    String path = filled(operation.path(), places) + query;
    return operation.json().has("servers") ? gateway.managementUri(path) : gateway.uri(path);
  }

  private static String query(Operation operation) {
    String query =
        operation.parameters("query").stream()
            .filter(it -> it.has("example"))
            .map(it ->
                it.get("name").asText() + "=" + TestGateway.encoded(it.get("example").asText()))
            .collect(Collectors.joining("&"));
    return query.isEmpty() ? "" : "?" + query;
  }

  /// The admin's, unless it would not count any more afterwards.
  private static String token(Operation operation) {
    if (operation.json().get("operationId").asText().equals("changePassword")) {
      return gateway.userToken("changing@example.com", "user");
    }
    return operation.secured() ? gateway.adminToken() : "";
  }

  private static Answer send(
      Operation operation, URI uri, String token, Optional<String> body, String type)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .timeout(Duration.ofSeconds(60))
            .method(
                operation.method(),
                body.map(BodyPublishers::ofString).orElse(BodyPublishers.noBody()));
    if (!token.isEmpty()) {
      request.header("Authorization", "Bearer " + token);
    }
    body.ifPresent(_ -> request.header("Content-Type", type));
    operation.parameters("header").stream()
        .filter(it -> it.has("example"))
        .forEach(it -> request.header(it.get("name").asText(), it.get("example").asText()));
    boolean session = operation.path().startsWith("/mcp") && !operation.method().equals("POST");
    if (session && !token.isEmpty()) {
      request.header("Mcp-Session-Id", session(operation));
    }
    HttpResponse<InputStream> response = http.send(request.build(), BodyHandlers.ofInputStream());
    String answered = response.headers().firstValue("Content-Type").orElse("");
    String media = answered.split(";", -1)[0];
    try (InputStream in = response.body()) {
      String text =
          media.equals("text/event-stream")
              ? "events"
              : new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return new Answer(response.statusCode(), media, text);
    }
  }

  private static String session(Operation operation) {
    String token = gateway.adminToken();
    return (operation.path().equals("/mcp") ? gateway.client(token) : gateway.client(token, "web"))
        .initialize()
        .session()
        .orElseThrow();
  }
}
