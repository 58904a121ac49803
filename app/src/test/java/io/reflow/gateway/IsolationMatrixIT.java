package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.StdioServer;
import io.reflow.gateway.testing.TestGateway;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Who shares a process, and what it finds in its environment: every isolation, with credentials in
/// every scope, for users of several roles and groups. The processes themselves say.
class IsolationMatrixIT {

  private static final Map<String, String> USERS = new LinkedHashMap<>();

  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    gateway = TestGateway.start();
    user("ann", "dev", "red", "blue");
    user("ben", "dev", "blue", "red");
    user("cat", "dev");
    user("dan", "ops", "blue");
    user("eve", "ops");
    for (String isolation : List.of("shared", "per_role", "per_group", "per_user")) {
      target(isolation, "all", "role/dev", "group/blue", "group/red", "user/ann");
      target(isolation, "some", "role/dev", "group/red");
    }
  }

  private static String token(String name) {
    return Objects.requireNonNull(USERS.get(name));
  }

  private static void user(String name, String role, String... groups) {
    USERS.put(name, gateway.userToken(name + "@example.com", role, groups));
  }

  /// A target with a greeting in each scope, and one for everybody.
  private static void target(String isolation, String suffix, String... scopes) {
    Map<String, Object> fields =
        new HashMap<>(TestGateway.stdio(StdioServer.command("whoami", "exit")));
    fields.put("isolation_boundary", isolation);
    String name = isolation.replace('_', '-') + "-" + suffix;
    String id = gateway.target(name, fields);
    List<String> all = new ArrayList<>(List.of(scopes));
    all.add("default");
    for (String scope : all) {
      boolean ofAnn = scope.equals("user/ann");
      gateway
          .admin(
              "POST",
              "/api/targets/%s/env/%s"
                  .formatted(id, ofAnn ? "user/" + gateway.userId(token("ann")) : scope),
              Map.of("key", "GREETING", "value", scope))
          .require(201);
    }
    USERS.values().forEach(token -> gateway.allow(id, token));
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  @ParameterizedTest
  @CsvSource({
    "shared-all, default, default, default, default, default",
    "per-role-all, role/dev, role/dev, role/dev, default, default",
    "per-group-all, group/blue, group/blue, default, group/blue, default",
    "per-user-all, user/ann, group/blue, role/dev, group/blue, default",
    "shared-some, default, default, default, default, default",
    "per-role-some, role/dev, role/dev, role/dev, default, default",
    "per-group-some, group/red, group/red, default, default, default",
    "per-user-some, group/red, group/red, role/dev, default, default"
  })
  void everyProcessFindsWhatBelongsToThoseWhoShareIt(
      String target, String ann, String ben, String cat, String dan, String eve) {
    List<String> found =
        USERS.values().stream()
            .map(token -> whoami(token, target).get("greeting").asText())
            .toList();

    assertThat(found).containsExactly(ann, ben, cat, dan, eve);
  }

  /// Users of equal letters share a process, and only those.
  @ParameterizedTest
  @CsvSource({
    "shared-all, aaaaa",
    "per-role-all, aaabb",
    "per-group-all, aabcb",
    "per-user-all, abcde"
  })
  void processesAreSharedAsTheIsolationSays(String target, String expected) {
    Map<Long, Character> letters = new LinkedHashMap<>();
    StringBuilder sharing = new StringBuilder();
    for (String token : USERS.values()) {
      long pid = whoami(token, target).get("pid").asLong();
      letters.putIfAbsent(pid, (char) ('a' + letters.size()));
      sharing.append(letters.get(pid));
    }

    assertThat(sharing.toString()).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"shared-all", "per-role-all", "per-group-all", "per-user-all"})
  void theAuditSaysForWhomTheCredentialsWere(String target) throws InterruptedException {
    JsonNode _ = whoami(token("ann"), target);

    String expected =
        switch (target) {
          case "shared-all" -> "default";
          case "per-role-all" -> "role";
          case "per-group-all" -> "group";
          default -> "user";
        };
    JsonNode row =
        gateway.row(
            "target=" + target,
            each ->
                each.path("method").asText().equals("tools/call")
                    && each.path("user_email").asText().equals("ann@example.com"));
    assertThat(row.get("credential_scope").asText()).isEqualTo(expected);
  }

  private static JsonNode whoami(String token, String target) {
    return gateway.client(token).initialize().callTool(target + "_whoami", Map.of()).result();
  }
}
