package io.reflow.gateway.identity;

import static io.reflow.gateway.identity.People.SECRET;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.helidon.http.Status;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import io.reflow.gateway.config.AuthConfig;
import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.fault.GatewayException.Conflict;
import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.fault.GatewayException.NotAuthenticated;
import io.reflow.gateway.fault.GatewayException.NotFound;
import io.reflow.gateway.fault.GatewayException.NotPermitted;
import io.reflow.gateway.fault.GatewayException.Overloaded;
import io.reflow.gateway.fault.GatewayException.Unavailable;
import io.reflow.gateway.http.Access;
import io.reflow.gateway.http.RestRoutes;
import io.reflow.gateway.identity.Argon2Hash.Costs;
import io.reflow.gateway.identity.Authentication.Authenticated;
import io.reflow.gateway.testing.TestDatabase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/// The routes of this package on a real listener and a real database.
final class IdentityServer implements AutoCloseable {

  private static final ObjectMapper JSON = new ObjectMapper();

  private static final Map<Class<?>, Integer> STATUSES =
      Map.of(
          InvalidRequest.class, 400,
          NotAuthenticated.class, 401,
          NotPermitted.class, 403,
          NotFound.class, 404,
          Conflict.class, 409,
          Overloaded.class, 429,
          Unavailable.class, 503);

  final UserStore users;
  final TokenStore tokens;
  final Identities identities;
  final PasswordHash passwords;
  final TokenUse use;
  final List<UserId> told = new CopyOnWriteArrayList<>();
  final List<String> bodies = new CopyOnWriteArrayList<>();
  private final WebServer server;
  private final HttpClient client = HttpClient.newHttpClient();

  IdentityServer(TestDatabase test, AuthConfig config, boolean production) {
    InstantSource clock = InstantSource.system();
    users = new UserStore(test.database());
    tokens = new TokenStore(test.database());
    identities = new Identities(users, tokens);
    identities.onChange(told::add);
    identities.reload();
    passwords = new PasswordHash(config.maxConcurrentPasswordHashes(), new Costs(64, 1, 1));
    use = new TokenUse(tokens, clock);
    var logins = new LoginTokens(People.jwt(SECRET), clock);
    var gate = new RestGate(new Authenticator(logins, identities, use, clock), _ -> {});
    var check = new PasswordCheck(users, passwords, config.maxLoginFailures(), clock, _ -> {});
    var own = new IdentityRoutes(users, passwords, check, logins, identities, config, production);
    HttpRouting.Builder routing = HttpRouting.builder();
    routing.error(
        GatewayException.class,
        (_, response, failure) ->
            response
                .status(Status.create(STATUSES.getOrDefault(failure.getClass(), 500)))
                .send("{\"error\":\"%s\"}".formatted(failure.reason().replace('"', '\''))));
    route(new RestRoutes<>(routing, gate), own, clock);
    server = WebServer.builder().host("127.0.0.1").port(0).routing(routing).build().start();
  }

  private void route(RestRoutes<Authenticated> routes, IdentityRoutes own, InstantSource clock) {
    var tokenRoutes = new TokenRoutes(tokens, identities, clock);
    var userRoutes = new UserRoutes(users, passwords, identities);
    routes
        .post("/api/auth/register", Access.PUBLIC, own::register)
        .post("/api/auth/login", Access.PUBLIC, own::login)
        .get("/api/auth/me", Access.USER, own::me)
        .put("/api/auth/password", Access.USER, own::changePassword)
        .get("/api/auth/tokens", Access.USER, tokenRoutes::list)
        .post("/api/auth/tokens", Access.USER, tokenRoutes::create)
        .delete("/api/auth/tokens/{id}", Access.USER, tokenRoutes::revoke)
        .get("/api/users", Access.ADMIN, userRoutes::list)
        .post("/api/users", Access.ADMIN, userRoutes::create)
        .put("/api/users/{id}", Access.ADMIN, userRoutes::update)
        .delete("/api/users/{id}", Access.ADMIN, userRoutes::delete)
        .refuseOtherMethods();
  }

  record Answer(int status, JsonNode json) {

    String text(String path) {
      return json.at(path).asText();
    }
  }

  Answer get(String path, String token) throws InterruptedException {
    return send("GET", path, token, "");
  }

  Answer post(String path, String token, String body) throws InterruptedException {
    return send("POST", path, token, body);
  }

  Answer put(String path, String token, String body) throws InterruptedException {
    return send("PUT", path, token, body);
  }

  Answer delete(String path, String token) throws InterruptedException {
    return send("DELETE", path, token, "");
  }

  /// Registers, and gives back `{user, token}`.
  Answer register(String email) throws InterruptedException {
    return post("/api/auth/register", "", credentials(email, "correct horse"));
  }

  Answer login(String email, String password) throws InterruptedException {
    return post("/api/auth/login", "", credentials(email, password));
  }

  static String credentials(String email, String password) {
    return "{\"email\":\"%s\",\"password\":\"%s\"}".formatted(email, password);
  }

  private Answer send(String method, String path, String token, String body)
      throws InterruptedException {
    var request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
            .method(
                method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
            .header("Content-Type", "application/json");
    if (!token.isEmpty()) {
      request.header("Authorization", "Bearer " + token);
    }
    try {
      var response = client.send(request.build(), BodyHandlers.ofString());
      bodies.add(response.body());
      return new Answer(response.statusCode(), JSON.readTree("[" + response.body() + "]").path(0));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    client.close();
    server.stop();
    use.close();
    passwords.close();
  }
}
