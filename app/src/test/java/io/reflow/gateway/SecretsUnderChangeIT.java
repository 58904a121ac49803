package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.McpTestClient.Reply;
import io.reflow.gateway.testing.ShellServer;
import io.reflow.gateway.testing.TestGateway;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Twenty users at once, on targets of every isolation, while their credentials and roles change,
/// their sessions are ended, and processes are restarted and killed: each answer tells the secret
/// of the process that gave it. It is never another's, and never older than what was stored when
/// the call began.
class SecretsUnderChangeIT {

  private static final Duration LONG_ENOUGH = Duration.ofSeconds(6);
  private static final int USERS = 20;
  private static final int LEAST_ANSWERS = 20;
  private static final List<String> ROLES = List.of("dev", "ops", "qa");
  private static final List<String> GROUPS = List.of("red", "blue");
  private static final List<String> ISOLATIONS =
      List.of("shared", "per_role", "per_group", "per_user");

  private static final Map<String, String> TARGETS = new HashMap<>();
  private static final List<Person> PEOPLE = new ArrayList<>();

  private static TestGateway gateway;

  /// What was stored last in each scope.
  private final Map<String, AtomicInteger> stored = new ConcurrentHashMap<>();

  private volatile boolean over;

  /// One of the users, and the roles that the gateway may believe they have.
  private static final class Person {
    private final String name;
    private final String token;
    private final String id;
    private final String group;
    private volatile Roles roles;

    Person(int number) {
      name = "user" + number;
      group = number % 3 < GROUPS.size() ? GROUPS.get(number % 3) : "";
      String role = ROLES.get(number % ROLES.size());
      roles = new Roles(0, List.of(role));
      token =
          gateway.userToken(
              name + "@example.com", role, group.isEmpty() ? new String[0] : new String[] {group});
      id = gateway.userId(token);
    }

    /// The scopes whose secrets belong into a process of this user.
    List<String> scopes(String isolation) {
      return switch (isolation) {
        case "shared" -> List.of("default");
        case "per_role" -> roles.names().stream().map(role -> "role/" + role).toList();
        case "per_group" -> List.of(group.isEmpty() ? "default" : "group/" + group);
        default -> List.of("user/" + id);
      };
    }
  }

  private record Roles(int changes, List<String> names) {}

  @BeforeAll
  static void start() {
    gateway = TestGateway.start(Map.of("STDIO_STOP_GRACE", "200ms"));
    for (int i = 0; i < USERS; i++) {
      PEOPLE.add(new Person(i));
    }
    for (String isolation : ISOLATIONS) {
      Map<String, Object> fields = new HashMap<>(TestGateway.stdio(ShellServer.command()));
      fields.put("isolation_boundary", isolation);
      TARGETS.put(isolation, gateway.target(isolation.replace('_', '-'), fields));
    }
    String _ =
        gateway.policy(
            Map.of(
                "name",
                "everybody may do everything",
                "resource_type",
                "all",
                "effect",
                "allow",
                "subjects",
                List.of(Map.of("subject_type", "everyone", "subject_value", ""))));
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  private static List<String> scopes() {
    List<String> scopes = new ArrayList<>(List.of("default"));
    ROLES.forEach(role -> scopes.add("role/" + role));
    GROUPS.forEach(group -> scopes.add("group/" + group));
    PEOPLE.forEach(person -> scopes.add("user/" + person.id));
    return scopes;
  }

  /// Stores a newer secret of a scope, which says whose it is.
  private void store(String isolation, String scope) {
    AtomicInteger newest =
        stored.computeIfAbsent(isolation + " " + scope, _ -> new AtomicInteger());
    int next = newest.get() + 1;
    String value = "%s#%d".formatted(scope, next);
    gateway
        .admin(
            "POST",
            "/api/targets/%s/env/%s".formatted(TARGETS.get(isolation), scope),
            Map.of("key", "SECRET", "value", value))
        .require(201);
    newest.set(next);
  }

  private int newest(String isolation, String scope) {
    AtomicInteger newest = stored.get(isolation + " " + scope);
    return newest == null ? 0 : newest.get();
  }

  @Test
  @Timeout(120)
  void nobodyEverSeesAnothersSecret() throws InterruptedException, ExecutionException {
    ISOLATIONS.forEach(isolation -> scopes().forEach(scope -> store(isolation, scope)));
    long end = System.nanoTime() + LONG_ENOUGH.toNanos();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> answers = new ArrayList<>();
      for (Person person : PEOPLE) {
        answers.add(threads.submit(() -> use(person)));
      }
      Future<?> disturbance = threads.submit(() -> disturb(end, answers));
      disturbance.get();
      for (Future<Integer> each : answers) {
        assertThat(each.get()).isGreaterThanOrEqualTo(LEAST_ANSWERS);
      }
    } finally {
      over = true;
    }
  }

  /// Tells how many good answers there were.
  private int use(Person person) {
    var random = new Random(person.name.hashCode());
    McpTestClient client = gateway.client(person.token).initialize();
    int answers = 0;
    while (!over || answers < LEAST_ANSWERS) {
      String isolation = ISOLATIONS.get(random.nextInt(ISOLATIONS.size()));
      Roles roles = person.roles;
      Map<String, Integer> expected = new HashMap<>();
      person.scopes(isolation).forEach(scope -> expected.put(scope, newest(isolation, scope)));
      Reply reply = client.callTool(isolation.replace('_', '-') + "_whoami", Map.of());
      Roles after = person.roles;
      if (reply.status() == 404) {
        client = gateway.client(person.token).initialize();
      } else if (reply.answer().has("result")) {
        answers++;
        if (roles.changes() == after.changes() || !isolation.equals("per_role")) {
          assertOwn(person, isolation, expected, reply.result().get("secret").asText());
        }
      }
      // Anything else is the error of a call whose process was killed.
    }
    return answers;
  }

  private static void assertOwn(
      Person person, String isolation, Map<String, Integer> expected, String secret) {
    String scope = secret.substring(0, Math.max(0, secret.indexOf('#')));
    assertThat(expected).as("%s on %s saw %s", person.name, isolation, secret).containsKey(scope);
    assertThat(Integer.parseInt(secret.substring(scope.length() + 1)))
        .as("%s on %s saw %s", person.name, isolation, secret)
        .isGreaterThanOrEqualTo(expected.get(scope));
  }

  private void disturb(long end, List<? extends Future<?>> users) {
    var random = new Random(42);
    try {
      while (System.nanoTime() - end < 0 && users.stream().noneMatch(Future::isDone)) {
        Person person = PEOPLE.get(random.nextInt(USERS));
        String isolation = ISOLATIONS.get(random.nextInt(ISOLATIONS.size()));
        switch (random.nextInt(8)) {
          case 0 -> gateway.admin("POST", "/api/users/" + person.id + "/recycle").require(200);
          case 1 ->
              gateway.post("/api/sessions/recycle", Optional.of(person.token), "{}").require(200);
          case 2 ->
              gateway
                  .admin("POST", "/api/targets/" + TARGETS.get(isolation) + "/restart-instances")
                  .require(200);
          case 3 -> kill(isolation, random);
          case 4 -> changeRole(person, random);
          default -> {
            List<String> own = person.scopes(isolation);
            store(isolation, own.get(random.nextInt(own.size())));
          }
        }
      }
    } finally {
      over = true;
    }
  }

  private static void kill(String isolation, Random random) {
    JsonNode instances =
        gateway
            .admin("GET", "/api/targets/" + TARGETS.get(isolation) + "/instances")
            .require(200)
            .json();
    List<String> pids = instances.findValuesAsText("pid");
    pids.removeIf(pid -> pid.equals("null"));
    if (!pids.isEmpty()) {
      long pid = Long.parseLong(pids.get(random.nextInt(pids.size())));
      ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    }
  }

  private static void changeRole(Person person, Random random) {
    Roles before = person.roles;
    String role = ROLES.get(random.nextInt(ROLES.size()));
    List<String> either = new ArrayList<>(before.names());
    either.add(role);
    person.roles = new Roles(before.changes() + 1, either);
    gateway.admin("PUT", "/api/users/" + person.id, Map.of("role", role)).require(200);
    person.roles = new Roles(before.changes() + 2, List.of(role));
  }
}
