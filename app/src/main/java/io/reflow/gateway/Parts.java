package io.reflow.gateway;

import io.reflow.gateway.api.ClientRoutes;
import io.reflow.gateway.api.ImportRoutes;
import io.reflow.gateway.api.ImportStore;
import io.reflow.gateway.api.InstanceRoutes;
import io.reflow.gateway.api.ProbeRoutes;
import io.reflow.gateway.api.Reload;
import io.reflow.gateway.api.TargetRoutes;
import io.reflow.gateway.api.UpstreamProber;
import io.reflow.gateway.audit.ArgumentDigest;
import io.reflow.gateway.audit.AuditLog;
import io.reflow.gateway.audit.AuditRoutes;
import io.reflow.gateway.audit.ChainKeys;
import io.reflow.gateway.catalog.AdvertStore;
import io.reflow.gateway.catalog.Catalog;
import io.reflow.gateway.catalog.Cursors;
import io.reflow.gateway.catalog.KnownServers;
import io.reflow.gateway.catalog.TargetNews;
import io.reflow.gateway.config.GatewayConfig;
import io.reflow.gateway.config.Secret;
import io.reflow.gateway.credential.CredentialRoutes;
import io.reflow.gateway.credential.CredentialStore;
import io.reflow.gateway.credential.Credentials;
import io.reflow.gateway.credential.Rotation;
import io.reflow.gateway.credential.RotationRoutes;
import io.reflow.gateway.credential.TargetTokenRoutes;
import io.reflow.gateway.credential.Vault;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.http.Gate;
import io.reflow.gateway.identity.Authentication.Authenticated;
import io.reflow.gateway.identity.Authenticator;
import io.reflow.gateway.identity.Identities;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.identity.IdentityRoutes;
import io.reflow.gateway.identity.LoginTokens;
import io.reflow.gateway.identity.PasswordCheck;
import io.reflow.gateway.identity.PasswordHash;
import io.reflow.gateway.identity.RestGate;
import io.reflow.gateway.identity.TokenRoutes;
import io.reflow.gateway.identity.TokenStore;
import io.reflow.gateway.identity.TokenUse;
import io.reflow.gateway.identity.UserRoutes;
import io.reflow.gateway.identity.UserStore;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.instance.InstanceKey.Sharing;
import io.reflow.gateway.instance.InstanceStore;
import io.reflow.gateway.instance.Restarts;
import io.reflow.gateway.live.LiveFigures;
import io.reflow.gateway.live.LiveParts;
import io.reflow.gateway.live.LiveRoutes;
import io.reflow.gateway.live.Recent;
import io.reflow.gateway.mcp.Bystanders;
import io.reflow.gateway.mcp.ElsewhereEndpoint;
import io.reflow.gateway.mcp.ListChanges;
import io.reflow.gateway.mcp.McpEndpoint;
import io.reflow.gateway.mcp.McpParts;
import io.reflow.gateway.mcp.SseEndpoint;
import io.reflow.gateway.mcp.TargetLogs;
import io.reflow.gateway.mcp.UnknownNotifications;
import io.reflow.gateway.mcp.flight.FlightHomes;
import io.reflow.gateway.mcp.flight.Flights;
import io.reflow.gateway.mcp.flight.PageVisits;
import io.reflow.gateway.mcp.flight.StateSeal;
import io.reflow.gateway.mcp.flight.StateStore;
import io.reflow.gateway.policy.Freshness;
import io.reflow.gateway.policy.PolicyEngine;
import io.reflow.gateway.policy.PolicyRoutes;
import io.reflow.gateway.policy.PolicyStore;
import io.reflow.gateway.policy.TargetAccess;
import io.reflow.gateway.replica.ForwardEndpoint;
import io.reflow.gateway.replica.Forwarder;
import io.reflow.gateway.replica.Inquiry;
import io.reflow.gateway.replica.LeaseStore;
import io.reflow.gateway.replica.Leases;
import io.reflow.gateway.replica.ReplicaStore;
import io.reflow.gateway.replica.Replicas;
import io.reflow.gateway.replica.Seal;
import io.reflow.gateway.session.OpenStreams;
import io.reflow.gateway.session.Recycling;
import io.reflow.gateway.session.SavedSessions;
import io.reflow.gateway.session.SessionRoutes;
import io.reflow.gateway.session.SessionStore;
import io.reflow.gateway.session.SessionWriter;
import io.reflow.gateway.session.Sessions;
import io.reflow.gateway.session.SseConnections;
import io.reflow.gateway.target.AddressRules;
import io.reflow.gateway.target.OwnPlaces;
import io.reflow.gateway.target.OwnPlaces.Place;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.target.TargetStore;
import io.reflow.gateway.target.Targets;
import io.reflow.gateway.telemetry.Baggage;
import io.reflow.gateway.telemetry.Health;
import io.reflow.gateway.telemetry.HealthRoutes;
import io.reflow.gateway.telemetry.Logging;
import io.reflow.gateway.telemetry.Metrics;
import io.reflow.gateway.telemetry.MetricsRoutes;
import io.reflow.gateway.telemetry.Otlp;
import io.reflow.gateway.telemetry.Strangers;
import io.reflow.gateway.telemetry.Tracing;
import io.reflow.gateway.terminal.TerminalParts;
import io.reflow.gateway.terminal.TerminalRoutes;
import io.reflow.gateway.upstream.Connector;
import io.reflow.gateway.upstream.Reach;
import io.reflow.gateway.upstream.TransportConnector;
import io.reflow.gateway.upstream.Upstreams;
import io.reflow.gateway.upstream.era.EraStore;
import io.reflow.gateway.upstream.era.Eras;
import io.reflow.gateway.upstream.http.HttpDial;
import io.reflow.gateway.upstream.kubernetes.PodDial;
import io.reflow.gateway.upstream.kubernetes.Pods;
import io.reflow.gateway.upstream.stdio.Spawner;
import io.reflow.gateway.upstream.stdio.StdioDial;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The parts of the gateway and how they hang together: plain constructors, in the order of their
/// dependencies. What must be closed is handed to a [Closing].
final class Parts {

  private static final Logger LOG = LoggerFactory.getLogger(Parts.class);

  /// Notices of changes come from a connection that is checked every few seconds.
  private static final Duration DATABASE_AWAY = Duration.ofSeconds(15);

  private static final Duration SWEEP = Duration.ofSeconds(15);
  private static final Duration POD_SWEEP = Duration.ofMinutes(1);
  private static final Duration SHORTEST_HOME_SWEEP = Duration.ofSeconds(1);
  private static final Duration LONGEST_HOME_SWEEP = Duration.ofMinutes(10);

  private final InstantSource clock;
  private final Closing closing;
  private final Version version = Version.current();
  private final Health health = new Health();
  private final Metrics metrics;

  private final Storage storage;
  private final AuditLog audit;
  private final Optional<Tracing> tracing;
  private final Replicas replicas;
  private final Leases leases;
  private final ForwardEndpoint forward;
  private final Inquiry inquiry;

  private final UserStore userStore;
  private final TokenStore tokenStore;
  private final Identities identities;
  private final LoginTokens logins;
  private final Authenticator authenticator;
  private final PasswordHash passwords;
  private final PasswordCheck check;

  private final TargetStore targetStore;
  private final Targets targets;
  private final PolicyStore policyStore;
  private final PolicyEngine policies;
  private final Vault vault;
  private final CredentialStore credentialStore;
  private final Rotation rotation;
  private final Credentials credentials;
  private final TargetAccess access;

  private final OwnPlaces ownPlaces = new OwnPlaces(this::replicaPlaces);
  private final AddressRules addresses;
  private final EraStore eraStore;
  private final Eras eras;
  private final AdvertStore adverts;
  private final KnownServers servers;
  private final Spawner spawner;
  private final StdioDial stdio;
  private final Contacts contacts;
  private final Optional<Pods> pods;
  private final Upstreams upstreams;
  private final Restarts restarts;
  private final Catalog catalog;
  private final SessionStore sessionStore;
  private final SavedSessions saved;
  private final Sessions sessions;
  private final SessionWriter sessionWriter;
  private final Recycling recycling;
  private final ElsewhereEndpoint elsewhere;
  private final Flights flights;
  private final StateStore states;
  private final OpenStreams streams;
  private final TerminalRoutes terminals;
  private final Recent recent;
  private final LiveRoutes live;
  private final ListChanges listChanges;
  private final SseEndpoint sse;
  private final McpEndpoint mcp;

  private final GatewayConfig config;

  private Parts(GatewayConfig config, InstantSource clock, Closing closing) {
    this.config = config;
    this.clock = clock;
    this.closing = closing;
    this.storage = Storage.open(config, clock, closing);
    this.vault = new Vault(config.encryption());
    this.audit =
        closing.add(
            AuditLog.open(
                config.server().dataDir(), config.audit(), auditKeys(), storage.database(), clock));
    Optional<Otlp> otlp =
        Otlp.of(config.telemetry(), version.text(), audit.replica().toString(), clock);
    this.metrics = closing.add(new Metrics(version.text(), clock, otlp));
    var strangers = new Strangers(metrics, System::nanoTime);
    audit.begin(otlp.flatMap(Otlp::audit));
    this.tracing = otlp.flatMap(Otlp::tracing);
    tracing.ifPresent(closing::add);
    otlp.flatMap(Otlp::logs).map(Logging::export).ifPresent(closing::add);

    this.userStore = new UserStore(storage.database());
    this.tokenStore = new TokenStore(storage.database());
    this.identities = new Identities(userStore, tokenStore);
    this.logins = new LoginTokens(config.jwt(), clock);
    var tokenUse = closing.add(new TokenUse(tokenStore, clock));
    tokenUse.start();
    this.authenticator = new Authenticator(logins, identities, tokenUse, clock);
    this.passwords = closing.add(new PasswordHash(config.auth().maxConcurrentPasswordHashes()));

    this.check =
        new PasswordCheck(
            userStore, passwords, config.auth().maxLoginFailures(), clock, metrics::refused);

    var fresh =
        new Freshness(storage.changes()::confirmedAt, clock, config.policy().maxStaleness());
    this.targetStore = new TargetStore(storage.database());
    this.targets = new Targets(targetStore::all);
    this.policyStore = new PolicyStore(storage.database());
    this.policies = new PolicyEngine(policyStore::all, fresh);
    this.credentialStore = new CredentialStore(storage.database(), vault);
    credentialStore.checkKeys();
    this.rotation = closing.add(new Rotation(credentialStore));
    this.credentials = new Credentials(credentialStore, vault);
    this.access = new TargetAccess(targets, policies);

    this.addresses = new AddressRules(config.upstream().allowPrivateNetworks(), ownPlaces);
    ownPlaces.add(new Place("the database", storage.address().host(), storage.address().port()));
    this.eraStore = new EraStore(storage.database());
    this.eras = new Eras(eraStore::save, clock);
    this.adverts = new AdvertStore(storage.database());
    this.servers = new KnownServers(adverts);
    var news = new TargetNews(servers);
    this.spawner =
        closing.add(
            new Spawner(config.stdio(), config.server().dataDir(), audit.replica().toString()));
    this.stdio = stdio();
    this.contacts = new Contacts(metrics, System::nanoTime);
    this.pods =
        config.kubernetes().enabled()
            ? Optional.of(closing.add(Pods.open(config.kubernetes(), clock)))
            : Optional.empty();
    this.upstreams = closing.add(upstreams(news));
    this.restarts = new Restarts(new InstanceStore(storage.database()));
    this.catalog = new Catalog(upstreams, config.mcp(), clock);
    news.onListChanged(catalog::changed);
    var deadAfter = config.replica().deadAfter();
    this.replicas =
        closing.add(new Replicas(audit.replica(), new ReplicaStore(storage.database()), deadAfter));
    this.leases = new Leases(new LeaseStore(storage.database()), replicas);
    var patience = deadAfter.multipliedBy(2).plus(Duration.ofSeconds(5));
    var seal = new Seal(vault.deriveAll("replica").values(), clock);
    var forwarder = closing.add(new Forwarder(seal, replicas));
    this.forward = new ForwardEndpoint(forwarder, seal, replicas, metrics);
    this.inquiry = new Inquiry(forwarder, replicas);
    this.sessionStore = new SessionStore(storage.database(), config.session());
    this.saved = new SavedSessions(vault.deriveAll("session").values(), sessionStore, replicas);
    this.sessions = new Sessions(config.session(), clock, saved);
    this.sessionWriter =
        closing.add(new SessionWriter(sessions, saved, sessionStore, replicas, clock));
    this.recycling = new Recycling(sessions, sessionStore);
    var connections = new SseConnections(sessions, clock);
    this.elsewhere =
        new ElsewhereEndpoint(
            authenticator,
            id -> sessions.holds(id) || connections.holds(id),
            sessions,
            saved.homes(),
            forward,
            audit,
            metrics,
            strangers,
            patience,
            clock);
    var stateSeal = new StateSeal(vault.deriveAll("request state"), clock);
    this.states = new StateStore(storage.database(), config.mcp().inputTimeout());
    this.flights = closing.add(new Flights(config.mcp().inputTimeout()));
    this.streams = new OpenStreams(config.session().maxStreamsPerUser());
    this.terminals =
        closing.add(
            new TerminalRoutes(
                new TerminalParts(
                    config.terminal(),
                    config.server().headerTimeout(),
                    authenticator,
                    check,
                    access,
                    policies,
                    credentials,
                    stdio,
                    streams,
                    audit,
                    strangers,
                    clock)));
    this.recent = new Recent(clock);
    audit.onRecord(recent::answered);
    sessions.onOpen(recent::opened);
    sessions.onEnd(recent::ended);
    this.live = new LiveRoutes(live());
    this.listChanges = new ListChanges(sessions, targets, policies);
    news.onAnnounced(listChanges::announced);
    catalog.onBack(listChanges::announced);
    news.onElicitationCompleted(listChanges::elicitationCompleted);
    news.onLogged(new TargetLogs(sessions, targets, policies)::logged);
    var bystanders = new Bystanders(sessions, targets, policies, servers, config.mcp(), clock);
    news.askOutsideOfCalls(bystanders::find);
    var unknown = new UnknownNotifications(sessions, targets, policies, upstreams);
    news.onUnknown(unknown::fromTarget);
    var mcpParts =
        new McpParts(
            authenticator,
            sessions,
            connections,
            streams,
            listChanges,
            targets,
            policies,
            credentials,
            eras,
            upstreams,
            catalog,
            servers,
            new Cursors(vault.derive("cursor"), clock),
            flights,
            stateSeal,
            states,
            new FlightHomes(flights, stateSeal, replicas),
            leases,
            closing.add(new PageVisits(upstreams::listen, config.mcp().inputTimeout())),
            bystanders,
            unknown,
            audit,
            new ArgumentDigest(secret(vault.derive("audit arguments"))),
            metrics,
            new Baggage(config.telemetry().baggage()),
            strangers,
            config.mcp(),
            version.text(),
            clock);
    this.sse = new SseEndpoint(mcpParts);
    this.mcp = new McpEndpoint(mcpParts, sse, forward, patience);
  }

  private LiveParts live() {
    var figures =
        new LiveFigures(
            metrics,
            health,
            sessions,
            streams,
            flights::count,
            upstreams::processCount,
            upstreams::connectionCount);
    return new LiveParts(
        audit.replica(),
        config.server().headerTimeout(),
        authenticator,
        streams,
        sessions,
        recent,
        figures,
        clock);
  }

  private StdioDial stdio() {
    int left = spawner.endLeftovers();
    if (left > 0) {
      LOG.atWarn().addKeyValue("processes", left).log("An earlier run left processes behind");
    }
    return new StdioDial(config.stdio(), config.mcp(), version.text(), eras, spawner);
  }

  private Upstreams upstreams(TargetNews news) {
    var http = closing.add(new HttpDial(addresses, config.mcp(), version.text(), eras));
    return new Upstreams(
        connector(http),
        config.stdio(),
        config.kubernetes(),
        config.mcp(),
        news,
        this::renewed,
        contacts);
  }

  /// Without pods no class of Kubernetes' client is loaded.
  private Connector connector(HttpDial http) {
    if (pods.isEmpty()) {
      return new TransportConnector(stdio, http, http.sse());
    }
    // Whatever `upstream` says of the addresses of other targets: those of pods are private.
    var inside =
        closing.add(
            new HttpDial(new AddressRules(true, ownPlaces), config.mcp(), version.text(), eras));
    List<byte[]> keys = List.copyOf(vault.deriveAll("secrets of pods").values());
    return new TransportConnector(
        stdio,
        http,
        http.sse(),
        new PodDial(pods.get(), inside, inside::renew, config.kubernetes(), keys));
  }

  /// The way to a target with its settings and credentials as they are now.
  private Reach renewed(Reach reach) {
    String name = reach.target().name();
    if (reach.key().sharing() instanceof Sharing.User && !unchanged(reach.permit().caller())) {
      throw new UpstreamFailed(name, "was opened for somebody whose role or groups have changed");
    }
    Target target =
        targets
            .find(reach.target().id())
            .filter(Target::enabled)
            .orElseThrow(() -> new UpstreamFailed(name, "is not there any more"));
    return new Reach(
        target,
        reach.permit(),
        reach.key(),
        credentials.resolve(reach.permit(), target, reach.key()));
  }

  private boolean unchanged(Identity caller) {
    return identities.find(caller.user()).filter(caller::sameRights).isPresent();
  }

  /// Without a key of its own one that follows from the encryption key seals.
  private ChainKeys auditKeys() {
    List<byte[]> keys = new ArrayList<>();
    config.audit().key().ifPresent(key -> keys.add(bytes(key)));
    keys.addAll(vault.deriveAll("audit chain").values());
    config.audit().previousKeys().forEach(key -> keys.add(bytes(key)));
    return new ChainKeys(keys);
  }

  private static byte[] bytes(Secret secret) {
    return secret.reveal().getBytes(StandardCharsets.UTF_8);
  }

  private static Secret secret(byte[] key) {
    return new Secret(Base64.getEncoder().encodeToString(key));
  }

  /// Opens everything and loads the rules; what is opened is added to `closing`.
  static Parts start(GatewayConfig config, InstantSource clock, Closing closing) {
    var parts = new Parts(config, clock, closing);
    parts.begin();
    return parts;
  }

  /// Loads the rules and follows their changes.
  private void begin() {
    identities.onChange(user -> {
      sessions.endUnlessUnchanged(user, identities.find(user));
      sessions.recheck();
      streams.recheck();
      listChanges.rulesChanged();
      upstreams.retireOutdated(user);
    });
    policies.onChange(sessions::recheck);
    policies.onChange(streams::recheck);
    policies.onChange(listChanges::rulesChanged);
    sessions.onEnd(session -> upstreams.retireSession(session.digest()));
    sessions.onRecycle(upstreams::retireUser);
    targets.onReplace(this::forget);
    targets.onChange(_ -> streams.recheck());
    restarts.onRestart(upstreams::retire);
    targets.onChange(_ -> listChanges.rulesChanged());
    credentials.onChange(upstreams::retireOutdated);
    var changes = storage.changes();
    changes.on("users", identities::reload);
    changes.on("api_tokens", identities::reload);
    changes.on("targets", targets::reload);
    changes.on("policies", policies::reload);
    changes.on("policy_subjects", policies::reload);
    changes.on("env_configs", credentials::reload);
    changes.on("instance_restarts", restarts::reload);
    changes.on("mcp_session", sessionWriter::dropLost);
    changes.on("mcp_session", recycling::reload);
    changes.start();
    replicas.onLapse(sessionWriter::dropLost);
    replicas.start();
    sessionWriter.start();
    eras.load(targets.all(), eraStore.all());
    servers.load(adverts.all());
    health.rulesTooOldWhen(() -> !policies.ready());
    var heardLately = new Freshness(changes::confirmedAt, clock, DATABASE_AWAY);
    health.databaseAwayWhen(() -> changes.lost() || !heardLately.getAsBoolean());
    closing.add(
        new Sweeper(
            SWEEP,
            sessions::expire,
            streams::recheck,
            catalog::expire,
            states::expire,
            this::forgetFigures));
    closing.add(new Sweeper(homeSweep(), this::removeLeftHomes));
    pods.ifPresent(its ->
        closing.add(
            new Sweeper(
                POD_SWEEP, () -> its.sweep(targets::find, targetStore::exists, this::sharings))));
    new Figures(this, metrics).register();
  }

  private void forgetFigures() {
    metrics.keepTargets(targets.all().stream().map(Target::name).toList());
  }

  /// As often as it takes to keep to the retention.
  private Duration homeSweep() {
    Duration retention = config.stdio().homeRetention();
    return Collections.max(
        List.of(SHORTEST_HOME_SWEEP, Collections.min(List.of(retention, LONGEST_HOME_SWEEP))));
  }

  /// In a thread of its own: it may take long.
  private void removeLeftHomes() {
    try {
      spawner.removeLeftHomes(
          target -> targets.find(target).isPresent() || targetStore.exists(target), this::sharings);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private Optional<Set<Sharing>> sharings() {
    return identities
        .all()
        .map(users -> {
          Set<Sharing> all = new HashSet<>(Set.of(new Sharing.Everyone()));
          users.forEach(user -> all.addAll(InstanceKey.sharings(user)));
          return all;
        });
  }

  private void forget(TargetId target) {
    servers.forget(target);
    contacts.forget(target);
    upstreams.retire(target);
    if (targets.find(target).isEmpty()) {
      eras.forget(target);
      pods.ifPresent(its -> removePods(its, target));
    }
  }

  /// In a thread of its own: the API server may be slow. What fails is swept away later.
  private static void removePods(Pods pods, TargetId target) {
    Thread _ = Thread.ofVirtual().name("remove-pods").start(() -> pods.remove(target));
  }

  Spawner spawner() {
    return spawner;
  }

  /// Where the other replicas listen for each other and for operators.
  private List<Place> replicaPlaces() {
    List<Place> places = new ArrayList<>();
    for (URI address : replicas.addresses()) {
      places.add(new Place("a replica's internal port", address.getHost(), address.getPort()));
      if (config.management().enabled()) {
        int port = config.management().port();
        places.add(new Place("a replica's management port", address.getHost(), port));
      }
    }
    return places;
  }

  /// What the gateway listens on that is not for clients is not for targets either.
  void listening(int managementPort, int internalPort) {
    ownPlaces.add(new Place("the management port", config.management().host(), managementPort));
    ownPlaces.add(new Place("the internal port", config.replica().host(), internalPort));
  }

  /// What traces requests, if they are traced.
  Optional<Tracing> tracing() {
    return tracing;
  }

  Health health() {
    return health;
  }

  Metrics metrics() {
    return metrics;
  }

  Storage storage() {
    return storage;
  }

  AuditLog audit() {
    return audit;
  }

  PasswordHash passwords() {
    return passwords;
  }

  SavedSessions saved() {
    return saved;
  }

  Sessions sessions() {
    return sessions;
  }

  Targets targets() {
    return targets;
  }

  Contacts contacts() {
    return contacts;
  }

  Upstreams upstreams() {
    return upstreams;
  }

  Catalog catalog() {
    return catalog;
  }

  GatewayConfig config() {
    return config;
  }

  InstantSource clock() {
    return clock;
  }

  Replicas replicas() {
    return replicas;
  }

  Leases leases() {
    return leases;
  }

  ForwardEndpoint forward() {
    return forward;
  }

  SessionWriter sessionWriter() {
    return sessionWriter;
  }

  ElsewhereEndpoint elsewhere() {
    return elsewhere;
  }

  McpEndpoint mcp() {
    return mcp;
  }

  SseEndpoint sse() {
    return sse;
  }

  Flights flights() {
    return flights;
  }

  OpenStreams streams() {
    return streams;
  }

  Gate<Authenticated> gate() {
    return new RestGate(authenticator, metrics::refused);
  }

  HealthRoutes healthRoutes() {
    return new HealthRoutes(health);
  }

  MetricsRoutes metricsRoutes() {
    return new MetricsRoutes(metrics);
  }

  TerminalRoutes terminalRoutes() {
    return terminals;
  }

  ClientRoutes clientRoutes() {
    return new ClientRoutes(config.server().publicUrl(), access, tokenRoutes());
  }

  LiveRoutes liveRoutes() {
    return live;
  }

  IdentityRoutes identityRoutes() {
    return new IdentityRoutes(
        userStore, passwords, check, logins, identities, config.auth(), config.production());
  }

  TokenRoutes tokenRoutes() {
    return new TokenRoutes(tokenStore, identities, clock);
  }

  UserRoutes userRoutes() {
    return new UserRoutes(userStore, passwords, identities);
  }

  SessionRoutes sessionRoutes() {
    return new SessionRoutes(sessions, sessionStore, recycling);
  }

  TargetRoutes targetRoutes() {
    return new TargetRoutes(targetStore, access, reload(), addresses, pods.isPresent());
  }

  ImportRoutes importRoutes() {
    return new ImportRoutes(
        new ImportStore(storage.database(), credentialStore), reload(), addresses);
  }

  ProbeRoutes probeRoutes() {
    return new ProbeRoutes(access, policies, new UpstreamProber(credentials, upstreams, catalog));
  }

  InstanceRoutes instanceRoutes() {
    return new InstanceRoutes(
        access,
        upstreams,
        restarts,
        target -> pods.map(its -> its.remove(target)).orElse(0),
        inquiry,
        replicas.id().toString());
  }

  CredentialRoutes credentialRoutes() {
    return new CredentialRoutes(
        credentialStore, credentials, access, addresses, user -> identities.find(user).isPresent());
  }

  TargetTokenRoutes targetTokenRoutes() {
    return new TargetTokenRoutes(credentialStore, credentials, access);
  }

  RotationRoutes rotationRoutes() {
    return new RotationRoutes(rotation, vault);
  }

  PolicyRoutes policyRoutes() {
    return new PolicyRoutes(policyStore, policies, targets, identities::find);
  }

  AuditRoutes auditRoutes() {
    return new AuditRoutes(storage.database(), audit.verifier());
  }

  private Reload reload() {
    return new Reload(targets, policies, credentials);
  }
}
