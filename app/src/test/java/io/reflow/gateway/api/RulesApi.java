package io.reflow.gateway.api;

import static io.reflow.gateway.credential.EnvPath.DEFAULT;
import static io.reflow.gateway.credential.EnvPath.GROUP;
import static io.reflow.gateway.credential.EnvPath.ROLE;
import static io.reflow.gateway.credential.EnvPath.USER;

import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import io.reflow.gateway.config.EncryptionConfig;
import io.reflow.gateway.config.Secret;
import io.reflow.gateway.credential.CredentialRoutes;
import io.reflow.gateway.credential.CredentialStore;
import io.reflow.gateway.credential.Credentials;
import io.reflow.gateway.credential.Vault;
import io.reflow.gateway.database.PostgresChanges;
import io.reflow.gateway.fault.GatewayException.NotAuthenticated;
import io.reflow.gateway.fault.GatewayException.NotPermitted;
import io.reflow.gateway.http.Access;
import io.reflow.gateway.http.ErrorRendering;
import io.reflow.gateway.http.RestRoutes;
import io.reflow.gateway.identity.Authentication.Authenticated;
import io.reflow.gateway.identity.Authentication.Kind;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.identity.TokenScope;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.policy.PolicyEngine;
import io.reflow.gateway.policy.PolicyRoutes;
import io.reflow.gateway.policy.PolicyStore;
import io.reflow.gateway.policy.TargetAccess;
import io.reflow.gateway.target.TargetStore;
import io.reflow.gateway.target.Targets;
import io.reflow.gateway.testing.TestDatabase;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Instant;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/// One replica's REST API of targets, policies and credentials, on a port of its own. The bearer
/// token is the caller's name.
final class RulesApi implements AutoCloseable {

  static final Identity ADMIN =
      new Identity(new UserId(UUID.randomUUID()), "admin@example.com", "admin", Set.of());
  static final Identity ALICE =
      new Identity(new UserId(UUID.randomUUID()), "alice@example.com", "user", Set.of("team"));
  static final Identity BOB =
      new Identity(new UserId(UUID.randomUUID()), "bob@example.com", "user", Set.of());

  private static final Map<String, Identity> CALLERS =
      Map.of("admin", ADMIN, "alice", ALICE, "bob", BOB, "weak-admin", ADMIN);

  final Targets targets;
  final PolicyEngine policies;
  final Credentials credentials;
  private final PostgresChanges changes;
  private final WebServer server;
  private final HttpClient http = HttpClient.newHttpClient();

  RulesApi(TestDatabase database, Prober prober) {
    var vault =
        new Vault(
            new EncryptionConfig(
                Optional.of(new Secret("0123456789abcdef0123456789abcdef")), List.of()));
    var targetStore = new TargetStore(database.database());
    var policyStore = new PolicyStore(database.database());
    var credentialStore = new CredentialStore(database.database(), vault);
    credentialStore.checkKeys();
    this.targets = new Targets(targetStore::all);
    this.policies = new PolicyEngine(policyStore::all, () -> true);
    this.credentials = new Credentials(credentialStore, vault);
    this.changes = new PostgresChanges(database.address(), InstantSource.system());
    changes.on("targets", targets::reload);
    changes.on("policies", policies::reload);
    changes.on("policy_subjects", policies::reload);
    changes.on("env_configs", credentials::reload);
    changes.start();
    var access = new TargetAccess(targets, policies);
    var reload = new Reload(targets, policies, credentials);
    var routing = HttpRouting.builder();
    var routes = new RestRoutes<Authenticated>(routing, RulesApi::admit);
    addTargets(
        routes, new TargetRoutes(targetStore, access, reload, UpstreamFixtures.ADDRESSES, true));
    var imports =
        new ImportRoutes(
            new ImportStore(database.database(), credentialStore),
            reload,
            UpstreamFixtures.ADDRESSES);
    routes.post("/api/targets/import", Access.ADMIN, imports::importAll);
    var probes = new ProbeRoutes(access, policies, prober);
    routes.post("/api/targets/{id}/probe", Access.ADMIN, probes::probe);
    addPolicies(routes, new PolicyRoutes(policyStore, policies, targets, RulesApi::find));
    addCredentials(
        routes,
        new CredentialRoutes(
            credentialStore,
            credentials,
            access,
            UpstreamFixtures.ADDRESSES,
            user -> find(user).isPresent()));
    routes.refuseOtherMethods();
    ErrorRendering.register(routing);
    this.server = WebServer.builder().port(0).host("127.0.0.1").routing(routing).build().start();
  }

  private static void addTargets(RestRoutes<Authenticated> routes, TargetRoutes targets) {
    routes
        .get("/api/targets", Access.USER, targets::list)
        .post("/api/targets", Access.ADMIN, targets::create)
        .get("/api/targets/{id}", Access.USER, targets::get)
        .put("/api/targets/{id}", Access.ADMIN, targets::update)
        .delete("/api/targets/{id}", Access.ADMIN, targets::delete);
  }

  private static void addPolicies(RestRoutes<Authenticated> routes, PolicyRoutes policies) {
    routes
        .get("/api/policies", Access.ADMIN, policies::list)
        .post("/api/policies", Access.ADMIN, policies::create)
        .post("/api/policies/check", Access.USER, policies::check)
        .get("/api/policies/{id}", Access.ADMIN, policies::get)
        .put("/api/policies/{id}", Access.ADMIN, policies::update)
        .delete("/api/policies/{id}", Access.ADMIN, policies::delete)
        .post("/api/policies/{id}/subjects", Access.ADMIN, policies::addSubject)
        .delete("/api/policies/{id}/subjects/{sid}", Access.ADMIN, policies::removeSubject);
  }

  private static void addCredentials(RestRoutes<Authenticated> routes, CredentialRoutes env) {
    routes
        .get("/api/targets/{id}/env", Access.ADMIN, env::list)
        .get("/api/targets/{id}/env/resolve", Access.USER, env::resolve)
        .get("/api/targets/{id}/env/default", Access.ADMIN, env.get(DEFAULT))
        .put("/api/targets/{id}/env/default", Access.ADMIN, env.replace(DEFAULT))
        .post("/api/targets/{id}/env/default", Access.ADMIN, env.put(DEFAULT))
        .delete("/api/targets/{id}/env/default/{key}", Access.ADMIN, env.delete(DEFAULT))
        .get("/api/targets/{id}/env/role/{+role}", Access.ADMIN, env.get(ROLE))
        .put("/api/targets/{id}/env/role/{+role}", Access.ADMIN, env.replace(ROLE))
        .post("/api/targets/{id}/env/role/{+role}", Access.ADMIN, env.put(ROLE))
        .delete("/api/targets/{id}/env/role/{+role}/{key}", Access.ADMIN, env.delete(ROLE))
        .get("/api/targets/{id}/env/group/{+group}", Access.ADMIN, env.get(GROUP))
        .put("/api/targets/{id}/env/group/{+group}", Access.ADMIN, env.replace(GROUP))
        .post("/api/targets/{id}/env/group/{+group}", Access.ADMIN, env.put(GROUP))
        .delete("/api/targets/{id}/env/group/{+group}/{key}", Access.ADMIN, env.delete(GROUP))
        .get("/api/targets/{id}/env/user/{user}", Access.USER, env.get(USER))
        .put("/api/targets/{id}/env/user/{user}", Access.USER, env.replace(USER))
        .post("/api/targets/{id}/env/user/{user}", Access.USER, env.put(USER))
        .delete("/api/targets/{id}/env/user/{user}/{key}", Access.USER, env.delete(USER));
  }

  /// A status and a body.
  record Reply(int status, String body) {

    /// The body of a refusal without what differs each time.
    String refusal() {
      return body.replaceAll("[0-9a-f]{32}", "");
    }

    /// The first `id` in it.
    String id() {
      int at = body.indexOf("\"id\":\"") + 6;
      return body.substring(at, at + 36);
    }
  }

  Reply call(String caller, String method, String path, String body) {
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:%d/api%s".formatted(server.port(), path)))
            .header("Authorization", "Bearer " + caller)
            .header("Content-Type", "application/json")
            .method(method, BodyPublishers.ofString(body.replace('\'', '"')))
            .build();
    try {
      HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
      return new Reply(response.statusCode(), response.body());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted");
    }
  }

  @Override
  public void close() {
    http.close();
    server.stop();
    changes.close();
  }

  private static Optional<Identity> find(UserId user) {
    return CALLERS.values().stream().filter(each -> each.user().equals(user)).findFirst();
  }

  private static Authenticated admit(Optional<String> token, Access access) {
    String name = token.orElseThrow(() -> new NotAuthenticated("no token"));
    Identity caller = CALLERS.get(name);
    if (caller == null) {
      throw new NotAuthenticated("unknown token");
    }
    EnumSet<TokenScope> scopes = EnumSet.of(TokenScope.API);
    if (name.equals("admin")) {
      scopes.add(TokenScope.ADMIN);
    }
    if (access == Access.ADMIN && !scopes.contains(TokenScope.ADMIN)) {
      throw new NotPermitted("admins only");
    }
    return new Authenticated(caller, scopes, Kind.LOGIN, name, Instant.MAX);
  }
}
