package io.reflow.gateway.identity;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.config.AuthConfig;
import io.reflow.gateway.config.Secret;
import io.reflow.gateway.identity.IdentityServer.Answer;
import io.reflow.gateway.testing.TestDatabase;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class IdentityRoutesIT {

  private static final AuthConfig OPEN =
      new AuthConfig(AuthConfig.Registration.AUTO, Optional.empty(), 5, 20);

  private TestDatabase test;
  private IdentityServer server;

  @BeforeEach
  void start() {
    test = TestDatabase.fresh();
    server = new IdentityServer(test, OPEN, false);
  }

  @AfterEach
  void stop() {
    server.close();
    test.close();
  }

  @Test
  void makesExactlyOneOfManyFirstUsersAdmin() throws InterruptedException, ExecutionException {
    List<Callable<Answer>> registrations =
        IntStream.range(0, 20)
            .<Callable<Answer>>mapToObj(
                i -> () -> server.register("user%d@example.com".formatted(i)))
            .toList();

    List<Answer> answers = atOnce(registrations);

    assertThat(answers).extracting(Answer::status).containsOnly(201);
    assertThat(answers).filteredOn(it -> it.text("/user/role").equals("admin")).hasSize(1);
    assertThat(answers).filteredOn(it -> it.text("/user/role").equals("user")).hasSize(19);
  }

  @Test
  void registersAndTellsWhoOneIs() throws InterruptedException {
    Answer root = server.register("Root@Example.com");

    assertThat(root.status()).isEqualTo(201);
    Answer me = server.get("/api/auth/me", root.text("/token"));
    assertThat(me.status()).isEqualTo(200);
    assertThat(me.json()).isEqualTo(root.json().path("user"));
    assertThat(me.json().fieldNames())
        .toIterable()
        .containsExactlyInAnyOrder("id", "email", "role", "groups", "created_at", "updated_at");
    assertThat(me.text("/email")).isEqualTo("root@example.com");
    assertThat(me.text("/created_at")).endsWith("Z");
  }

  @Test
  void registersAnEmailOnceInAnySpelling() throws InterruptedException {
    server.register("ann@example.com");

    assertThat(server.register("ANN@example.com").status()).isEqualTo(409);
  }

  @Test
  void refusesWeakPasswordsAndOddEmails() throws InterruptedException {
    assertThat(server.post("/api/auth/register", "", "{}").status()).isEqualTo(400);
    assertThat(server.post("/api/auth/register", "", credentials("ann", "correct horse")).status())
        .isEqualTo(400);
    assertThat(server.post("/api/auth/register", "", credentials("a@b.de", "1234567")).status())
        .isEqualTo(400);
    assertThat(server.users.all()).isEmpty();
  }

  @Test
  void wantsTheSetupTokenInProductionAndClosesAfterwards() throws InterruptedException {
    var config =
        new AuthConfig(AuthConfig.Registration.AUTO, Optional.of(new Secret("open sesame")), 5, 0);
    try (var production = new IdentityServer(test, config, true)) {
      String body =
          """
          {"email":"root@example.com","password":"correct horse","setup_token":"%s"}\
          """;

      assertThat(production.register("root@example.com").status()).isEqualTo(403);
      assertThat(production.post("/api/auth/register", "", body.formatted("sesame")).status())
          .isEqualTo(403);
      assertThat(production.passwords.computed()).isZero();
      Answer root = production.post("/api/auth/register", "", body.formatted("open sesame"));
      assertThat(root.status()).isEqualTo(201);
      assertThat(root.text("/user/role")).isEqualTo("admin");
      assertThat(production.register("ann@example.com").status()).isEqualTo(403);
      assertThat(production.post("/api/auth/register", "", body.formatted("open sesame")).status())
          .isEqualTo(403);
    }
  }

  @Test
  void sendsAwayWhoGuessesTheSetupToken() throws InterruptedException {
    var config =
        new AuthConfig(AuthConfig.Registration.AUTO, Optional.of(new Secret("open sesame")), 5, 0);
    try (var production = new IdentityServer(test, config, true)) {
      for (int i = 0; i < 5; i++) {
        assertThat(production.register("root@example.com").status()).isEqualTo(403);
      }

      assertThat(production.register("root@example.com").status()).isEqualTo(429);
    }
  }

  @Test
  void logsIn() throws InterruptedException {
    server.register("root@example.com");

    Answer login = server.login("ROOT@example.com", "correct horse");

    assertThat(login.status()).isEqualTo(200);
    assertThat(login.text("/user/role")).isEqualTo("admin");
    assertThat(server.get("/api/users", login.text("/token")).status()).isEqualTo(200);
  }

  @Test
  void answersEveryFailedLoginAlikeAndComputesAHashForEach() throws InterruptedException {
    String root = server.register("root@example.com").text("/token");
    Answer ann = server.register("ann@example.com");
    server.put("/api/users/" + ann.text("/user/id"), root, "{\"enabled\":false}");
    long before = server.passwords.computed();

    Answer unknown = server.login("nobody@example.com", "correct horse");
    Answer wrong = server.login("root@example.com", "wrong horse");
    Answer disabled = server.login("ann@example.com", "correct horse");

    assertThat(server.passwords.computed()).isEqualTo(before + 3);
    assertThat(List.of(unknown, wrong, disabled)).extracting(Answer::status).containsOnly(401);
    assertThat(List.of(wrong.json(), disabled.json())).containsOnly(unknown.json());
  }

  @Test
  void sendsAwayWhoGuessesWithoutComputingAHash() throws InterruptedException {
    server.register("root@example.com");
    for (int i = 0; i < 5; i++) {
      assertThat(server.login("root@example.com", "wrong horse").status()).isEqualTo(401);
    }
    long before = server.passwords.computed();

    assertThat(server.login("root@example.com", "correct horse").status()).isEqualTo(429);
    assertThat(server.passwords.computed()).isEqualTo(before);
    assertThat(server.login("nobody@example.com", "correct horse").status()).isEqualTo(401);
  }

  @Test
  void endsTheOtherLoginsWhenThePasswordChanges() throws InterruptedException {
    String mine = server.register("ann@example.com").text("/token");
    String other = server.login("ann@example.com", "correct horse").text("/token");
    String change = "{\"current\":\"correct horse\",\"new\":\"battery staple\"}";

    assertThat(server.put("/api/auth/password", mine, change).status()).isEqualTo(204);

    assertThat(server.get("/api/auth/me", mine).status()).isEqualTo(200);
    assertThat(server.get("/api/auth/me", other).status()).isEqualTo(401);
    assertThat(server.login("ann@example.com", "correct horse").status()).isEqualTo(401);
    assertThat(server.login("ann@example.com", "battery staple").status()).isEqualTo(200);
    assertThat(server.told).isNotEmpty();
  }

  @Test
  void changesNoPasswordWithoutTheCurrentOne() throws InterruptedException {
    String mine = server.register("ann@example.com").text("/token");

    assertThat(
            server
                .put(
                    "/api/auth/password",
                    mine,
                    "{\"current\":\"wrong horse\",\"new\":\"battery staple\"}")
                .status())
        .isEqualTo(403);
    assertThat(
            server
                .put(
                    "/api/auth/password", mine, "{\"current\":\"correct horse\",\"new\":\"short\"}")
                .status())
        .isEqualTo(400);
    assertThat(server.login("ann@example.com", "correct horse").status()).isEqualTo(200);
  }

  @Test
  void makesTokensThatCountUntilTheyAreRevoked() throws InterruptedException {
    String login = server.register("ann@example.com").text("/token");

    Answer made =
        server.post("/api/auth/tokens", login, "{\"name\":\"laptop\",\"scopes\":[\"api\"]}");

    String token = made.text("/token");
    assertThat(made.status()).isEqualTo(201);
    assertThat(token).matches("rfl_[A-Za-z0-9_-]{43}");
    assertThat(made.json().path("api_token").fieldNames())
        .toIterable()
        .containsExactlyInAnyOrder(
            "id", "name", "scopes", "created_at", "expires_at", "last_used_at");
    assertThat(server.get("/api/auth/me", token).status()).isEqualTo(200);

    server.use.flush();
    Answer list = server.get("/api/auth/tokens", login);
    assertThat(list.json()).hasSize(1);
    assertThat(list.text("/0/last_used_at")).endsWith("Z");
    assertThat(list.json().toString()).doesNotContain(token);

    String path = "/api/auth/tokens/" + made.text("/api_token/id");
    assertThat(server.delete(path, login).status()).isEqualTo(204);
    assertThat(server.get("/api/auth/me", token).status()).isEqualTo(401);
    assertThat(server.told).hasSize(1);
    assertThat(server.delete(path, login).status()).isEqualTo(404);
  }

  @Test
  void givesATokenTheScopeMcpAndNinetyDaysByDefault() throws InterruptedException {
    String login = server.register("root@example.com").text("/token");

    Answer usual = server.post("/api/auth/tokens", login, "{\"name\":\"usual\"}");
    Answer eternal =
        server.post("/api/auth/tokens", login, "{\"name\":\"eternal\",\"expires_in_days\":0}");

    assertThat(usual.json().at("/api_token/scopes").toString()).isEqualTo("[\"mcp\"]");
    assertThat(usual.text("/api_token/expires_at")).endsWith("Z");
    assertThat(eternal.json().at("/api_token/expires_at").isNull()).isTrue();
    assertThat(server.get("/api/auth/me", usual.text("/token")).status()).isEqualTo(403);
  }

  @Test
  void refusesTokensThatNobodyMayHave() throws InterruptedException {
    server.register("root@example.com");
    String login = server.register("ann@example.com").text("/token");
    String api =
        server
            .post("/api/auth/tokens", login, "{\"name\":\"a\",\"scopes\":[\"api\",\"mcp\"]}")
            .text("/token");

    assertThat(server.post("/api/auth/tokens", api, "{\"name\":\"b\"}").status()).isEqualTo(403);
    for (String body :
        List.of(
            "{}",
            "{\"name\":\"\"}",
            "{\"name\":\"a\",\"scopes\":[]}",
            "{\"name\":\"a\",\"scopes\":[\"root\"]}",
            "{\"name\":\"a\",\"expires_in_days\":-1}",
            "{\"name\":\"a\",\"expires_in_days\":1000000}")) {
      assertThat(server.post("/api/auth/tokens", login, body).status()).isEqualTo(400);
    }
    String admin = "{\"name\":\"a\",\"scopes\":[\"admin\"]}";
    assertThat(server.post("/api/auth/tokens", login, admin).status()).isEqualTo(403);
  }

  @Test
  void hidesTheTokensOfOthers() throws InterruptedException {
    String root = server.register("root@example.com").text("/token");
    String ann = server.register("ann@example.com").text("/token");
    Answer made = server.post("/api/auth/tokens", ann, "{\"name\":\"laptop\"}");

    String path = "/api/auth/tokens/" + made.text("/api_token/id");
    assertThat(server.get("/api/auth/tokens", root).json()).isEmpty();
    assertThat(server.delete(path, root).status()).isEqualTo(404);
  }

  @Test
  void letsOnlyAdminsSeeUsers() throws InterruptedException {
    String root = server.register("root@example.com").text("/token");
    String ann = server.register("ann@example.com").text("/token");

    assertThat(server.get("/api/users", ann).status()).isEqualTo(403);
    assertThat(server.get("/api/users", "").status()).isEqualTo(401);
    Answer list = server.get("/api/users", root);
    assertThat(list.json()).hasSize(2);
    assertThat(list.json().at("/1/enabled").asBoolean()).isTrue();
  }

  @Test
  void createsUsersWithRoleAndGroups() throws InterruptedException {
    String root = server.register("root@example.com").text("/token");

    Answer made =
        server.post(
            "/api/users",
            root,
            """
            {"email":"eve@example.com","password":"correct horse","role":"auditor",
             "groups":["night","day"]}\
            """);

    assertThat(made.status()).isEqualTo(201);
    assertThat(made.json().at("/groups").toString()).isEqualTo("[\"day\",\"night\"]");
    Answer login = server.login("eve@example.com", "correct horse");
    assertThat(login.text("/user/role")).isEqualTo("auditor");
    assertThat(
            server
                .post(
                    "/api/users",
                    root,
                    """
                    {"email":"x@example.com","password":"correct horse","role":"a b"}\
                    """)
                .status())
        .isEqualTo(400);
  }

  @Test
  void countsAChangedUserBeforeItAnswers() throws InterruptedException {
    String root = server.register("root@example.com").text("/token");
    Answer ann = server.register("ann@example.com");
    String path = "/api/users/" + ann.text("/user/id");
    String token = ann.text("/token");

    assertThat(server.put(path, root, "{\"groups\":[\"night\"]}").status()).isEqualTo(200);
    assertThat(server.get("/api/auth/me", token).json().at("/groups").toString())
        .isEqualTo("[\"night\"]");
    assertThat(server.get("/api/auth/me", token).text("/role")).isEqualTo("user");

    assertThat(server.put(path, root, "{\"enabled\":false}").status()).isEqualTo(200);
    assertThat(server.get("/api/auth/me", token).status()).isEqualTo(401);

    assertThat(server.put(path, root, "{\"enabled\":true}").status()).isEqualTo(200);
    assertThat(server.get("/api/auth/me", token).status()).isEqualTo(200);

    assertThat(server.delete(path, root).status()).isEqualTo(204);
    assertThat(server.get("/api/auth/me", token).status()).isEqualTo(401);
    assertThat(server.delete(path, root).status()).isEqualTo(404);
    assertThat(server.put(path, root, "{}").status()).isEqualTo(404);
    assertThat(server.told).hasSize(4);
  }

  @Test
  void takesTheRightsOfADemotedAdminBeforeItAnswers() throws InterruptedException {
    String root = server.register("root@example.com").text("/token");
    String id = server.register("ann@example.com").text("/user/id");
    server.put("/api/users/" + id, root, "{\"role\":\"admin\"}");
    String ann = server.login("ann@example.com", "correct horse").text("/token");
    assertThat(server.get("/api/users", ann).status()).isEqualTo(200);

    server.put("/api/users/" + id, root, "{\"role\":\"user\"}");

    assertThat(server.get("/api/users", ann).status()).isEqualTo(403);
    assertThat(server.get("/api/auth/me", ann).status()).isEqualTo(200);
  }

  @Test
  void keepsTheLastAdmin() throws InterruptedException {
    Answer root = server.register("root@example.com");
    String token = root.text("/token");
    String path = "/api/users/" + root.text("/user/id");
    server.post(
        "/api/users",
        token,
        """
        {"email":"off@example.com","password":"correct horse","role":"admin","enabled":false}\
        """);

    assertThat(server.put(path, token, "{\"role\":\"user\"}").status()).isEqualTo(409);
    assertThat(server.put(path, token, "{\"enabled\":false}").status()).isEqualTo(409);
    assertThat(server.delete(path, token).status()).isEqualTo(409);
    assertThat(server.put(path, token, "{\"groups\":[\"a\"]}").status()).isEqualTo(200);
  }

  @Test
  void keepsOneOfTwoAdminsWhoDemoteEachOther() throws InterruptedException, ExecutionException {
    Answer root = server.register("root@example.com");
    String rootPath = "/api/users/" + root.text("/user/id");
    String annPath = "/api/users/" + server.register("ann@example.com").text("/user/id");
    server.put(annPath, root.text("/token"), "{\"role\":\"admin\"}");
    String ann = server.login("ann@example.com", "correct horse").text("/token");
    String demotion = "{\"role\":\"user\"}";

    atOnce(
        List.of(
            () -> server.put(annPath, root.text("/token"), demotion),
            () -> server.put(rootPath, ann, demotion)));

    assertThat(server.users.all()).filteredOn(User::activeAdmin).hasSize(1);
  }

  @Test
  void keepsTokensWorkingWhileTheDatabaseIsAway() throws InterruptedException {
    String token = server.register("root@example.com").text("/token");

    test.refuse();
    try {
      assertThat(server.get("/api/auth/me", token).status()).isEqualTo(200);
      assertThat(server.login("root@example.com", "correct horse").status()).isEqualTo(503);
      assertThat(server.delete("/api/auth/tokens/" + UUID.randomUUID(), token).status())
          .isEqualTo(503);
    } finally {
      test.admit();
    }
  }

  @Test
  void showsNoHashAnywhere() throws InterruptedException {
    String root = server.register("root@example.com").text("/token");
    server.login("root@example.com", "correct horse");
    server.login("root@example.com", "wrong horse");
    server.get("/api/users", root);
    server.get("/api/auth/me", root);
    server.post("/api/auth/tokens", root, "{\"name\":\"a\"}");

    assertThat(server.bodies)
        .hasSize(6)
        .noneMatch(it -> it.contains("argon2"))
        .noneMatch(it -> it.contains("digest"))
        .noneMatch(it -> it.contains("horse"));
  }

  private static String credentials(String email, String password) {
    return IdentityServer.credentials(email, password);
  }

  private static <T> List<T> atOnce(List<Callable<T>> work)
      throws InterruptedException, ExecutionException {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var results = new ArrayList<T>();
      for (Future<T> future : threads.invokeAll(work)) {
        results.add(future.get());
      }
      return results;
    }
  }
}
