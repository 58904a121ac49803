package io.reflow.gateway;

import static io.reflow.gateway.credential.EnvPath.DEFAULT;
import static io.reflow.gateway.credential.EnvPath.GROUP;
import static io.reflow.gateway.credential.EnvPath.ROLE;
import static io.reflow.gateway.credential.EnvPath.USER;

import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import io.reflow.gateway.api.ClientRoutes;
import io.reflow.gateway.api.ImportRoutes;
import io.reflow.gateway.api.InstanceRoutes;
import io.reflow.gateway.api.ProbeRoutes;
import io.reflow.gateway.api.TargetRoutes;
import io.reflow.gateway.audit.AuditRoutes;
import io.reflow.gateway.config.GatewayConfig;
import io.reflow.gateway.config.StdioConfig.Sandbox;
import io.reflow.gateway.credential.CredentialRoutes;
import io.reflow.gateway.credential.RotationRoutes;
import io.reflow.gateway.credential.TargetTokenRoutes;
import io.reflow.gateway.http.Access;
import io.reflow.gateway.http.DocsRoutes;
import io.reflow.gateway.http.ListenerOptions;
import io.reflow.gateway.http.RestRoutes;
import io.reflow.gateway.identity.Authentication.Authenticated;
import io.reflow.gateway.identity.IdentityRoutes;
import io.reflow.gateway.identity.TokenRoutes;
import io.reflow.gateway.identity.UserRoutes;
import io.reflow.gateway.live.LiveRoutes;
import io.reflow.gateway.mcp.ElsewhereEndpoint;
import io.reflow.gateway.mcp.McpEndpoint;
import io.reflow.gateway.mcp.SseEndpoint;
import io.reflow.gateway.policy.PolicyRoutes;
import io.reflow.gateway.session.SessionRoutes;
import io.reflow.gateway.telemetry.HealthRoutes;
import io.reflow.gateway.telemetry.MetricsRoutes;
import io.reflow.gateway.terminal.TerminalRoutes;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The gateway, put together and listening. [#routes] is the list of everything it answers.
public final class Gateway implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);
  private static final String MANAGEMENT = "management";
  private static final String INTERNAL = "internal";

  /// Where a request belongs to a session that may be at another replica.
  private static final List<String> SESSION_PATHS = List.of("/mcp", "/mcp/{target}", "/messages");

  private final GatewayConfig config;
  private final Parts parts;
  private final Closing closing;
  private final DocsRoutes docs = new DocsRoutes();
  private final WebServer server;

  private Gateway(GatewayConfig config, Parts parts, Closing closing) {
    this.config = config;
    this.parts = parts;
    this.closing = closing;
    this.server = listen();
    parts.listening(managementPort(), internalPort());
    closing.add(this::drain);
    announce();
    parts.health().started();
  }

  /// Starts everything; when it returns, the gateway takes work.
  public static Gateway start(GatewayConfig config) {
    return start(config, new Closing());
  }

  /// The same by another clock than the machine's.
  public static Gateway start(GatewayConfig config, InstantSource clock) {
    return start(config, clock, new Closing());
  }

  /// The same, for who may have to stop it before it has started: closing `closing` does.
  static Gateway start(GatewayConfig config, Closing closing) {
    return start(config, InstantSource.system(), closing);
  }

  private static Gateway start(GatewayConfig config, InstantSource clock, Closing closing) {
    boolean started = false;
    try {
      var gateway = new Gateway(config, Parts.start(config, clock, closing), closing);
      started = true;
      LOG.atInfo()
          .addKeyValue("port", gateway.port())
          .addKeyValue("managementPort", gateway.managementPort())
          .log("The gateway is listening");
      return gateway;
    } finally {
      if (!started) {
        closing.close();
      }
    }
  }

  private WebServer listen() {
    var options = new ListenerOptions(config.server(), parts.tracing());
    var server = WebServer.builder();
    options.apply(server);
    HttpRouting.Builder routing = HttpRouting.builder();
    options.guard(routing, config.cors(), parts.metrics());
    routes(routing, options);
    server.routing(routing);
    docs.describe(server);
    if (config.management().enabled()) {
      HttpRouting.Builder management = HttpRouting.builder();
      if (config.stdio().containment() != Sandbox.NONE) {
        options.guardManagement(management, parts.spawner()::ownsSocket);
      }
      managementRoutes(management);
      server.putSocket(MANAGEMENT, options.management(MANAGEMENT, config.management(), management));
    }
    if (config.replica().address().isPresent()) {
      HttpRouting.Builder internal = HttpRouting.builder();
      options.guardInternal(internal);
      internalRoutes(internal, options);
      server.putSocket(
          INTERNAL,
          options.internal(INTERNAL, config.replica().host(), config.replica().port(), internal));
    }
    WebServer started = server.build().start();
    requireAddresses(started);
    return started;
  }

  /// The server logs which address it could not have, and ends without a word to whoever started
  /// it.
  private void requireAddresses(WebServer started) {
    if (started.port() <= 0) {
      List<String> wanted = new ArrayList<>();
      wanted.add("server.port %d".formatted(config.server().port()));
      if (config.management().enabled()) {
        wanted.add("management.port %d".formatted(config.management().port()));
      }
      if (config.replica().address().isPresent()) {
        wanted.add("replica.port %d".formatted(config.replica().port()));
      }
      throw new IllegalStateException(
          "can't listen on one of %s: is another program listening there, or is the host wrong?"
              .formatted(String.join(", ", wanted)));
    }
  }

  /// Tells the other replicas where this one is reached, now that it is.
  private void announce() {
    config.replica().advertised(internalPort()).ifPresent(parts.replicas()::announce);
  }

  /// Every route there is. Start reading here.
  void routes(HttpRouting.Builder routing, ListenerOptions options) {
    HealthRoutes health = parts.healthRoutes();
    routing
        .get("/health", health::health)
        .get("/health/live", health::live)
        .get("/health/ready", health::ready);
    docs.register(routing);

    ElsewhereEndpoint elsewhere = parts.elsewhere();
    SESSION_PATHS.forEach(path -> elsewhere.register(routing, path));
    mcpRoutes(routing);
    SseEndpoint sse = parts.sse();
    sse.register(routing, "/sse");
    sse.register(routing, "/sse/{target}");

    IdentityRoutes identity = parts.identityRoutes();
    TokenRoutes tokens = parts.tokenRoutes();
    UserRoutes users = parts.userRoutes();
    SessionRoutes sessions = parts.sessionRoutes();
    TargetRoutes targets = parts.targetRoutes();
    ImportRoutes imports = parts.importRoutes();
    ProbeRoutes probes = parts.probeRoutes();
    InstanceRoutes instances = parts.instanceRoutes();
    CredentialRoutes env = parts.credentialRoutes();
    TargetTokenRoutes secrets = parts.targetTokenRoutes();
    RotationRoutes rotation = parts.rotationRoutes();
    PolicyRoutes policies = parts.policyRoutes();
    AuditRoutes logs = parts.auditRoutes();
    TerminalRoutes terminals = parts.terminalRoutes();
    if (terminals.enabled()) {
      options.socket("/api/targets/{id}/terminal", terminals::serve);
    }
    ClientRoutes clients = parts.clientRoutes();
    LiveRoutes live = parts.liveRoutes();
    options.socket("/api/observability/ws", live::serve);
    new RestRoutes<Authenticated>(routing, parts.gate())
        .post("/api/auth/register", Access.PUBLIC, identity::register)
        .post("/api/auth/login", Access.PUBLIC, identity::login)
        .get("/api/auth/me", Access.USER, identity::me)
        .put("/api/auth/password", Access.USER, identity::changePassword)
        .get("/api/auth/tokens", Access.USER, tokens::list)
        .post("/api/auth/tokens", Access.USER, tokens::create)
        .delete("/api/auth/tokens/{id}", Access.USER, tokens::revoke)
        .get("/api/users", Access.ADMIN, users::list)
        .post("/api/users", Access.ADMIN, users::create)
        .put("/api/users/{id}", Access.ADMIN, users::update)
        .delete("/api/users/{id}", Access.ADMIN, users::delete)
        .post("/api/users/{id}/recycle", Access.ADMIN, sessions::recycleUser)
        .get("/api/sessions", Access.USER, sessions::list)
        .post("/api/sessions/recycle", Access.USER, sessions::recycleOwn)
        .get("/api/targets", Access.USER, targets::list)
        .post("/api/targets", Access.ADMIN, targets::create)
        .post("/api/targets/import", Access.ADMIN, imports::importAll)
        .get("/api/targets/{id}", Access.USER, targets::get)
        .put("/api/targets/{id}", Access.ADMIN, targets::update)
        .delete("/api/targets/{id}", Access.ADMIN, targets::delete)
        .post("/api/targets/{id}/probe", Access.ADMIN, probes::probe)
        .get("/api/targets/{id}/instances", Access.ADMIN, instances::list)
        .post("/api/targets/{id}/restart-instances", Access.ADMIN, instances::restart)
        .get("/api/targets/{id}/terminal", Access.PUBLIC, terminals::explain)
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
        .delete("/api/targets/{id}/env/user/{user}/{key}", Access.USER, env.delete(USER))
        .get("/api/targets/{id}/token", Access.USER, secrets::own)
        .put("/api/targets/{id}/token", Access.USER, secrets::putOwn)
        .delete("/api/targets/{id}/token", Access.USER, secrets::deleteOwn)
        .get("/api/targets/{id}/tokens", Access.ADMIN, secrets::holders)
        .put("/api/targets/{id}/tokens/default", Access.ADMIN, secrets::putDefault)
        .put("/api/targets/{id}/tokens/role", Access.ADMIN, secrets::putRole)
        .put("/api/targets/{id}/tokens/group", Access.ADMIN, secrets::putGroup)
        .delete("/api/targets/{id}/tokens/default", Access.ADMIN, secrets.delete(DEFAULT))
        .delete("/api/targets/{id}/tokens/role/{+role}", Access.ADMIN, secrets.delete(ROLE))
        .delete("/api/targets/{id}/tokens/group/{+group}", Access.ADMIN, secrets.delete(GROUP))
        .post("/api/admin/encryption/rotate", Access.ADMIN, rotation::start)
        .get("/api/policies", Access.ADMIN, policies::list)
        .post("/api/policies", Access.ADMIN, policies::create)
        .post("/api/policies/check", Access.USER, policies::check)
        .get("/api/policies/{id}", Access.ADMIN, policies::get)
        .put("/api/policies/{id}", Access.ADMIN, policies::update)
        .delete("/api/policies/{id}", Access.ADMIN, policies::delete)
        .post("/api/policies/{id}/subjects", Access.ADMIN, policies::addSubject)
        .delete("/api/policies/{id}/subjects/{sid}", Access.ADMIN, policies::removeSubject)
        .get("/api/logs", Access.USER, logs::list)
        .get("/api/logs/export", Access.USER, logs::export)
        .get("/api/logs/verify", Access.ADMIN, logs::verify)
        .get("/api/clients", Access.USER, clients::list)
        .get("/api/clients/{client}", Access.USER, clients::show)
        .post("/api/clients/{client}", Access.USER, clients::create)
        .get("/api/observability/snapshot", Access.ADMIN, live::snapshot)
        .get("/api/observability/ws", Access.PUBLIC, live::explain)
        .refuseOtherMethods();
  }

  private void mcpRoutes(HttpRouting.Builder routing) {
    McpEndpoint mcp = parts.mcp();
    mcp.register(routing, "/mcp");
    mcp.register(routing, "/mcp/{target}");
    parts.sse().registerMessages(routing);
  }

  /// What other replicas pass on: requests to sessions that this one has, and what they ask for.
  private void internalRoutes(HttpRouting.Builder routing, ListenerOptions options) {
    parts.forward().guard(routing);
    options.traceInternal(routing);
    ElsewhereEndpoint elsewhere = parts.elsewhere();
    SESSION_PATHS.forEach(path -> elsewhere.registerInternal(routing, path));
    mcpRoutes(routing);
    new RestRoutes<Authenticated>(routing, parts.gate())
        .get("/api/targets/{id}/instances", Access.ADMIN, parts.instanceRoutes()::listHere)
        .refuseOtherMethods();
  }

  /// What operators and their tools ask; not for clients.
  void managementRoutes(HttpRouting.Builder routing) {
    HealthRoutes health = parts.healthRoutes();
    MetricsRoutes metrics = parts.metricsRoutes();
    routing
        .get("/health", health::health)
        .get("/health/live", health::live)
        .get("/health/ready", health::ready)
        .get("/metrics", metrics::metrics);
  }

  /// The port that clients use.
  public int port() {
    return server.port();
  }

  /// The port of health checks and metrics, or -1 without one.
  public int managementPort() {
    return config.management().enabled() ? server.port(MANAGEMENT) : -1;
  }

  /// The port of other replicas, or -1 without one.
  public int internalPort() {
    return config.replica().address().isPresent() ? server.port(INTERNAL) : -1;
  }

  /// No new work: clients come back for their suspended calls within `shutdown.flight-drain`, the
  /// other replicas go on with the sessions, and what is under way may finish within
  /// `server.shutdown-grace`.
  private void drain() {
    parts.health().drain();
    try {
      parts.flights().drain(config.shutdown().flightDrain());
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    parts.sessionWriter().release();
    parts.leases().release();
    parts.streams().close();
    server.stop();
  }

  /// Stops: no new work, what is under way may finish, then every process and connection ends.
  @Override
  public void close() {
    closing.close();
    LOG.atInfo().log("The gateway has stopped");
  }
}
