package io.reflow.gateway.mcp;

import io.reflow.gateway.catalog.Locator;
import io.reflow.gateway.catalog.MergedLists;
import io.reflow.gateway.catalog.Names;
import io.reflow.gateway.catalog.ParallelLists;
import io.reflow.gateway.catalog.SeenUris;
import io.reflow.gateway.protocol.ProtocolVersion;

/// The request path of the gateway, whole.
final class McpPipeline {

  private McpPipeline() {}

  static Stage<Call.Received, Reply> of(
      Stage<Call.Received, Call.Known> authenticate,
      Stage<Call.Known, Call.Understood> understand,
      Stage<Call.Understood, Call.InSession> openSession,
      Stage<Call.InSession, Call.Routed> route,
      Stage<Call.Routed, Call.Permitted> authorize,
      Stage<Call.Permitted, Call.Equipped> inject,
      Stage<Call.Equipped, Reply> proxy) {
    return authenticate
        .then(understand)
        .then(openSession)
        .then(route)
        .then(authorize)
        .then(inject)
        .then(proxy);
  }

  /// The stages, each made of its parts, and the audit around them.
  static Stage<Call.Received, Reply> of(McpParts parts) {
    var config = parts.config();
    var visibility = new Visibility(parts.targets(), parts.policies());
    var names = new Names(config.naming());
    var lists = new ParallelLists(parts.catalog(), config.timeout().list());
    var seen = new SeenUris();
    var locator = new Locator(parts.catalog(), lists, seen);
    var merged =
        new MergedLists(lists, parts.policies(), names, parts.cursors(), config, parts.clock());
    var authorize = new Authorize(parts.policies());
    var inject = inject(parts);
    var feeds = feeds(parts, visibility);
    var warmUp = new WarmUp(visibility, authorize.then(inject), parts.catalog());
    var extensions = new Extensions(parts.servers());
    var introduction =
        new Introduction(visibility, parts.servers(), extensions, names, config, parts.version());
    var translations = new Translations(parts.servers(), seen, config);
    var results = new Results(introduction.serverInfo(ProtocolVersion.V2026_07_28));
    var attendance = new Attendance();
    var proxy =
        new Proxy(
            parts.authenticator(),
            new LocalAnswers(
                parts.sessions(),
                introduction,
                warmUp,
                parts.changes(),
                feeds,
                new RootChanges(visibility, parts.upstreams()),
                parts.unknownNotifications()),
            new StatelessAnswers(
                introduction,
                new StatelessListen(
                    parts,
                    introduction,
                    new SubscriptionFeeds(
                        visibility,
                        parts.policies(),
                        authorize.then(inject),
                        parts.servers(),
                        locator,
                        parts.upstreams()),
                    attendance,
                    results),
                results),
            new StatelessCalls(parts, introduction, translations, results),
            attendance,
            results,
            new SessionCallers(
                visibility,
                new ClientQuestions.Patience(config.inputTimeout(), config.longestQuestion())),
            feeds,
            parts.upstreams(),
            locator,
            merged,
            parts.policies(),
            names,
            parts.audit(),
            config,
            translations,
            new ResourceProbe(parts.upstreams(), config),
            parts.baggage());
    var pipeline =
        of(
            authenticate(parts),
            new Understand(parts.homes()),
            openSession(parts, visibility),
            new Route(visibility, names, extensions, config.extras().bareAppTools())
                .then(new NoteArguments(parts.digest(), parts.audit().bodies())),
            new Spanned<>("policy", authorize),
            new Spanned<>("credentials", inject).then(new Hold(parts.leases())),
            proxy);
    return audited(parts, pipeline);
  }

  private static OpenSession openSession(McpParts parts, Visibility visibility) {
    return new OpenSession(parts.sessions(), parts.connections(), parts.targets(), visibility);
  }

  private static Inject inject(McpParts parts) {
    return new Inject(parts.credentials(), parts.eras()::stateless, parts.metrics());
  }

  private static SessionFeeds feeds(McpParts parts, Visibility visibility) {
    return new SessionFeeds(
        visibility,
        parts.policies(),
        new Authorize(parts.policies()).then(inject(parts)),
        parts.upstreams(),
        parts.eras()::stateless);
  }

  /// How a client comes to a stream of its session.
  static Stage<Call.Received, Reply> listening(McpParts parts) {
    var visibility = new Visibility(parts.targets(), parts.policies());
    return audited(
        parts,
        authenticate(parts)
            .then(new Understand(parts.homes()))
            .then(openSession(parts, visibility))
            .then(
                new Listen(
                    parts.streams(),
                    feeds(parts, visibility),
                    parts.changes(),
                    parts.authenticator())));
  }

  private static Stage<Call.Received, Call.Known> authenticate(McpParts parts) {
    return new Spanned<>("authentication", new Authenticate(parts.authenticator()));
  }

  private static Stage<Call.Received, Reply> audited(
      McpParts parts, Stage<Call.Received, Reply> stages) {
    return new Traced(new Audited(stages, parts.records()));
  }

  /// How a client comes to a connection of the oldest transport.
  static Stage<Call.Received, Reply> connecting(McpParts parts) {
    var visibility = new Visibility(parts.targets(), parts.policies());
    return audited(
        parts,
        authenticate(parts)
            .then(new Understand(parts.homes()))
            .then(
                new Connect(
                    openSession(parts, visibility),
                    parts.connections(),
                    parts.streams(),
                    parts.authenticator())));
  }
}
