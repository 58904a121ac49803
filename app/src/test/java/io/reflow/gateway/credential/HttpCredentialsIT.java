package io.reflow.gateway.credential;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.FakeMcpServer.Received;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.TestGateway;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What servers over HTTP and HTTP+SSE receive of the keys that are stored for them: asked at the
/// servers.
class HttpCredentialsIT {

  private static final AtomicInteger TARGETS = new AtomicInteger();

  private static TestGateway gateway;
  private static String ann;
  private static String ben;

  private final FakeMcpServer server = new FakeMcpServer();
  private final String name = "web" + TARGETS.incrementAndGet();

  @BeforeAll
  static void start() {
    gateway = TestGateway.start();
    ann = gateway.userToken("ann@example.com", "dev", "red", "blue");
    ben = gateway.userToken("ben@example.com", "ops");
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  /// A target that stays would be asked by the tests that follow.
  @AfterEach
  void removeTargets() {
    for (JsonNode target : gateway.admin("GET", "/api/targets").require(200).json()) {
      gateway.admin("DELETE", "/api/targets/" + target.get("id").asText()).require(204);
    }
    server.close();
  }

  private String target(String transport, Map<String, ?> more) {
    Map<String, Object> fields = new HashMap<>(more);
    fields.put("transport_type", transport);
    fields.put("url", (transport.equals("sse") ? server.sseUrl() : server.url()).toString());
    String id = gateway.target(name, fields);
    gateway.allow(id, ann);
    gateway.allow(id, ben);
    return id;
  }

  private static TestGateway.Response put(String target, String scope, Map<String, ?> body) {
    return gateway.admin("POST", "/api/targets/%s/env/%s".formatted(target, scope), body);
  }

  private static void set(String target, String scope, String key, String value) {
    put(target, scope, Map.of("key", key, "value", value)).require(201);
  }

  private static String userScope(String token) {
    return "user/" + gateway.userId(token);
  }

  /// What the server received with the call of that user.
  private Received call(String token) {
    return call(token, server);
  }

  private Received call(String token, FakeMcpServer at) {
    String mark = UUID.randomUUID().toString();
    McpTestClient.Reply reply =
        gateway.client(token).initialize().callTool(name + "_echo", Map.of("mark", mark));
    assertThat(reply.result().toString()).contains(mark);
    return at.received().stream()
        .filter(received -> received.body().contains(mark))
        .findFirst()
        .orElseThrow();
  }

  private static Optional<String> authorization(Received received) {
    return received.header("authorization");
  }

  @ParameterizedTest
  @CsvSource({
    "streamable-http, shared,    default, default",
    "streamable-http, per_role,  role,    default",
    "streamable-http, per_group, group,   default",
    "streamable-http, per_user,  user,    default",
    "sse,             shared,    default, default",
    "sse,             per_role,  role,    default",
    "sse,             per_group, group,   default",
    "sse,             per_user,  user,    default"
  })
  void tokenOfTheNarrowestScopeArrives(
      String transport, String isolation, String anns, String bens) {
    String id = target(transport, Map.of("auth_type", "bearer", "isolation_boundary", isolation));
    set(id, "default", "AUTH_TOKEN", "of-default");
    set(id, "role/dev", "AUTH_TOKEN", "of-role");
    set(id, "group/red", "AUTH_TOKEN", "of-red");
    set(id, "group/blue", "AUTH_TOKEN", "of-group");
    set(id, userScope(ann), "AUTH_TOKEN", "of-user");

    assertThat(authorization(call(ann))).hasValue("Bearer of-" + anns);
    assertThat(authorization(call(ben))).hasValue("Bearer of-" + bens);
  }

  @ParameterizedTest
  @ValueSource(strings = {"streamable-http", "sse"})
  void scopesFallBackFromUserToGroupToRole(String transport) {
    String id = target(transport, Map.of("auth_type", "bearer", "isolation_boundary", "per_user"));
    set(id, "default", "AUTH_TOKEN", "of-default");
    assertThat(authorization(call(ann))).hasValue("Bearer of-default");
    set(id, "role/dev", "AUTH_TOKEN", "of-role");
    assertThat(authorization(call(ann))).hasValue("Bearer of-role");
    set(id, "group/red", "AUTH_TOKEN", "of-red");
    assertThat(authorization(call(ann))).hasValue("Bearer of-red");
    set(id, "group/blue", "AUTH_TOKEN", "of-blue");
    assertThat(authorization(call(ann))).as("the first group by name").hasValue("Bearer of-blue");
    set(id, userScope(ann), "AUTH_TOKEN", "of-ann");
    assertThat(authorization(call(ann))).hasValue("Bearer of-ann");
    assertThat(authorization(call(ben))).hasValue("Bearer of-default");
  }

  @ParameterizedTest
  @ValueSource(strings = {"streamable-http", "sse"})
  void tokenGoesIntoTheHeaderThatIsNamed(String transport) {
    String id = target(transport, Map.of("auth_type", "header", "auth_header_name", "X-Api-Key"));
    set(id, "default", "AUTH_TOKEN", "tok");
    Received named = call(ann);
    assertThat(named.header("x-api-key")).hasValue("tok");
    assertThat(authorization(named)).isEmpty();

    set(id, "default", "AUTH_HEADER", "X-Other-Key");
    Received other = call(ann);
    assertThat(other.header("x-other-key")).hasValue("tok");
    assertThat(other.headers()).doesNotContainKeys("x-api-key", "authorization");
  }

  @Test
  void headerOfTheTokenMayBeNamedWhereTheTargetNamesNone() {
    String id = target("streamable-http", Map.of());
    set(id, "default", "AUTH_TOKEN", "tok");
    assertThat(call(ann).headers().toString()).doesNotContain("tok");

    set(id, "default", "AUTH_HEADER", "X-Key");
    assertThat(call(ann).header("x-key")).hasValue("tok");
    set(id, "default", "AUTH_HEADER", "authorization");
    assertThat(authorization(call(ann))).hasValue("Bearer tok");
  }

  @ParameterizedTest
  @ValueSource(strings = {"streamable-http", "sse"})
  void otherKeysStayInTheGateway(String transport) {
    String id = target(transport, Map.of());
    for (String key : List.of("API_KEY", "X_ENV", "Authorization", "TIMEOUT")) {
      set(id, "default", key, key.equals("TIMEOUT") ? "11111s" : "stays-here");
    }
    put(id, "default", Map.of("key", "OTHER", "value", "stays-here", "inject", "env")).require(201);

    Received received = call(ann);

    assertThat(received.headers().toString()).doesNotContain("stays-here", "11111");
    assertThat(server.received().toString()).doesNotContain("stays-here", "11111");
  }

  @ParameterizedTest
  @ValueSource(strings = {"streamable-http", "sse"})
  void keyGoesIntoTheHeaderThatItsConfigNames(String transport) {
    String id = target(transport, Map.of("isolation_boundary", "per_user"));
    JsonNode stored =
        put(id, "default", Map.of("key", "TENANT", "value", "all", "inject", "header:X-Tenant"))
            .require(201)
            .json();
    assertThat(stored.get("inject").asText()).isEqualTo("header:X-Tenant");
    assertThat(call(ann).header("x-tenant")).hasValue("all");

    set(id, "group/red", "TENANT", "of-red");
    set(id, userScope(ben), "TENANT", "of-ben");
    assertThat(call(ann).header("x-tenant")).hasValue("of-red");
    assertThat(call(ben).header("x-tenant")).hasValue("of-ben");

    put(id, "group/red", Map.of("key", "TENANT", "inject", "header:X-Group")).require(201);
    assertThat(call(ann).headers())
        .containsEntry("x-group", "of-red")
        .doesNotContainKey("x-tenant");
    put(id, "group/red", Map.of("key", "TENANT", "inject", "env")).require(201);
    assertThat(call(ann).headers()).doesNotContainKeys("x-tenant", "x-group");
  }

  @Test
  void userSetsWhatAnAdminHasDeclaredAndNothingElse() {
    String id = target("streamable-http", Map.of("isolation_boundary", "per_user"));
    put(id, "default", Map.of("key", "TENANT", "user_settable", true, "inject", "header:X-Tenant"))
        .require(201);
    String own = "/api/targets/%s/env/%s".formatted(id, userScope(ann));

    post(own, Map.of("key", "TENANT", "value", "of-ann")).require(201);
    post(own, Map.of("key", "TENANT", "value", "x", "inject", "header:X-Other")).require(403);
    post(own, Map.of("key", "OTHER", "value", "x")).require(403);
    post(own, Map.of("key", "BASE_URL", "value", "http://example.com/")).require(400);
    post(own, Map.of("key", "AUTH_HEADER", "value", "X-Key")).require(403);
    post(own, Map.of("key", "TENANT", "value", "a\nb")).require(400);

    assertThat(call(ann).header("x-tenant")).hasValue("of-ann");
    assertThat(call(ben).headers()).doesNotContainKey("x-tenant");
  }

  private static TestGateway.Response post(String path, Map<String, ?> body) {
    return gateway.post(path, Optional.of(ann), TestGateway.json(body));
  }

  @ParameterizedTest
  @ValueSource(strings = {"streamable-http", "sse"})
  void groupMayHaveAServerOfItsOwn(String transport) {
    try (var theirs = new FakeMcpServer()) {
      String id =
          target(transport, Map.of("auth_type", "bearer", "isolation_boundary", "per_group"));
      set(id, "default", "AUTH_TOKEN", "tok");
      set(
          id,
          "group/red",
          "BASE_URL",
          (transport.equals("sse") ? theirs.sseUrl() : theirs.url()).toString());

      assertThat(authorization(call(ann, theirs))).hasValue("Bearer tok");
      assertThat(authorization(call(ben, server))).hasValue("Bearer tok");
      assertThat(server.received())
          .extracting(HttpCredentialsIT::authorization)
          .hasSizeLessThan(theirs.received().size() + server.received().size());
    }
  }

  @Test
  void silentTargetIsGivenUpAfterItsTimeout() {
    String id = target("streamable-http", Map.of());
    set(id, "default", "TIMEOUT", "300ms");
    var over = new CountDownLatch(1);
    server.script("echo", (_, _) -> over.await());

    JsonNode answer = gateway.client(ann).initialize().callTool(name + "_echo", Map.of()).answer();

    over.countDown();
    assertThat(answer.toString()).contains("did not answer within 300 ms");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "default | AUTH_TOKEN  | a b\tc                                   | printable ASCII",
        "default | AUTH_HEADER | Content-Length                           | must not be",
        "default | AUTH_HEADER | Mcp-Session-Id                           | must not be",
        "default | AUTH_HEADER | a b                                      | name of an HTTP header",
        "default | BASE_URL    | not a url                                | not a URL",
        "default | BASE_URL    | ftp://example.com/                       | http://",
        "default | BASE_URL    | https://user:pw@example.com/             | user or password",
        "default | BASE_URL    | http://169.254.169.254/latest/meta-data/ | no target may have",
        "default | BASE_URL    | http://[::ffff:a9fe:a9fe]/               | no target may have",
        "default | TIMEOUT     | soon                                     | TIMEOUT",
        "default | TIMEOUT     | 0                                        | TIMEOUT",
        "default | TIMEOUT     | -5                                       | TIMEOUT",
        "user    | BASE_URL    | https://mcp.example.com/                 | scopes only"
      })
  void valueThatCanNotBeUsedIsRefusedWhenItIsSet(
      String scope, String key, String value, String why) {
    String id = target("streamable-http", Map.of());
    String at = scope.equals("user") ? userScope(ann) : scope;

    String refusal = put(id, at, Map.of("key", key, "value", value)).require(400).body();
    assertThat(refusal).contains(why, key).doesNotContain("pw@");
    String whole =
        gateway
            .admin(
                "PUT",
                "/api/targets/%s/env/%s".formatted(id, at),
                Map.of("configs", Map.of(key, value)))
            .require(400)
            .body();
    assertThat(whole).contains(why);
  }

  @ParameterizedTest
  @CsvSource({
    "X,           header,                inject must be",
    "X,           header:,               inject is missing",
    "X,           header:Host,           must not be",
    "X,           header:Mcp-Name,       must not be",
    "X,           header:a b,            name of an HTTP header",
    "X,           cookie,                inject must be",
    "AUTH_TOKEN,  header:X-Key,          meaning of its own",
    "BASE_URL,    header:X-Key,          meaning of its own"
  })
  void placeThatIsNoneIsRefused(String key, String inject, String why) {
    String id = target("streamable-http", Map.of());

    assertThat(
            put(id, "default", Map.of("key", key, "value", "v", "inject", inject))
                .require(400)
                .body())
        .contains(why);
  }

  @Test
  void keysThatSayWhereATokenGoesAreNeverForUsers() {
    String id = target("streamable-http", Map.of("isolation_boundary", "per_user"));

    for (String key : List.of("BASE_URL", "AUTH_HEADER", "HTTPS_PROXY")) {
      put(id, "default", Map.of("key", key, "user_settable", true)).require(400);
    }
    String process = gateway.target("process", TestGateway.stdio(List.of("cat")));
    String inject =
        gateway
            .admin(
                "POST",
                "/api/targets/" + process + "/env/default",
                Map.of("key", "X", "value", "v", "inject", "header:X"))
            .require(400)
            .body();
    assertThat(inject).contains("env");
  }

  @Test
  void changedTokenCountsFromTheNextCallOn() {
    String id = target("streamable-http", Map.of("auth_type", "bearer"));
    set(id, "default", "AUTH_TOKEN", "old");
    McpTestClient client = gateway.client(ann).initialize();
    assertThat(client.callTool(name + "_echo", Map.of("n", 1)).result()).isNotNull();

    set(id, "default", "AUTH_TOKEN", "new");
    assertThat(client.callTool(name + "_echo", Map.of("n", 2)).result()).isNotNull();

    assertThat(
            server.received().stream()
                .filter(received -> received.body().contains("tools/call"))
                .map(HttpCredentialsIT::authorization)
                .flatMap(Optional::stream))
        .containsExactly("Bearer old", "Bearer new");
  }

  @Test
  void auditSaysForWhomTheUsedKeysWere() throws InterruptedException {
    String id =
        target("streamable-http", Map.of("auth_type", "bearer", "isolation_boundary", "per_user"));
    set(id, "default", "AUTH_TOKEN", "tok");
    set(id, "default", "UNUSED", "x");
    put(id, "role/dev", Map.of("key", "TENANT", "value", "t", "inject", "header:X-Tenant"))
        .require(201);

    Received _ = call(ann);

    JsonNode row =
        gateway.row("target=" + name, each -> each.get("method").asText().equals("tools/call"));
    assertThat(row.get("credential_scope").asText()).isEqualTo("role,default");
  }
}
