package io.reflow.gateway.mcp;

import io.reflow.gateway.audit.AuditLog;
import io.reflow.gateway.catalog.ListKind;
import io.reflow.gateway.catalog.Locator;
import io.reflow.gateway.catalog.MergedLists;
import io.reflow.gateway.catalog.MergedLists.Unusable;
import io.reflow.gateway.catalog.Names;
import io.reflow.gateway.config.McpConfig;
import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.fault.GatewayException.MethodNotFound;
import io.reflow.gateway.fault.GatewayException.NotAuthenticated;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.identity.Authentication.Authenticated;
import io.reflow.gateway.identity.Authenticator;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.mcp.Call.Candidate;
import io.reflow.gateway.mcp.Call.Ready;
import io.reflow.gateway.mcp.Way.Wanted;
import io.reflow.gateway.policy.Decision;
import io.reflow.gateway.policy.Decision.Allowed;
import io.reflow.gateway.policy.Decision.Denied;
import io.reflow.gateway.policy.Feature;
import io.reflow.gateway.policy.PolicyEngine;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.InFlight;
import io.reflow.gateway.session.Session;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.telemetry.Baggage;
import io.reflow.gateway.telemetry.ChildSpan;
import io.reflow.gateway.telemetry.Propagation;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.Reach;
import io.reflow.gateway.upstream.ServerFacts.Capability;
import io.reflow.gateway.upstream.Upstreams;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Takes the message to the target and its answer back; what the gateway answers itself is answered
/// here too.
final class Proxy implements Stage<Call.Equipped, Reply> {

  private final Authenticator authenticator;
  private final LocalAnswers local;
  private final StatelessAnswers stateless;
  private final StatelessCalls statelessCalls;
  private final Attendance attendance;
  private final Results results;
  private final SessionCallers callers;
  private final SessionFeeds feeds;
  private final Upstreams upstreams;
  private final Locator locator;
  private final MergedLists lists;
  private final PolicyEngine policies;
  private final Names names;
  private final AuditLog audit;
  private final McpConfig config;
  private final Translations translations;
  private final ResourceProbe probe;
  private final Baggage baggage;

  Proxy(
      Authenticator authenticator,
      LocalAnswers local,
      StatelessAnswers stateless,
      StatelessCalls statelessCalls,
      Attendance attendance,
      Results results,
      SessionCallers callers,
      SessionFeeds feeds,
      Upstreams upstreams,
      Locator locator,
      MergedLists lists,
      PolicyEngine policies,
      Names names,
      AuditLog audit,
      McpConfig config,
      Translations translations,
      ResourceProbe probe,
      Baggage baggage) {
    this.authenticator = authenticator;
    this.local = local;
    this.stateless = stateless;
    this.statelessCalls = statelessCalls;
    this.attendance = attendance;
    this.results = results;
    this.callers = callers;
    this.feeds = feeds;
    this.upstreams = upstreams;
    this.locator = locator;
    this.lists = lists;
    this.policies = policies;
    this.names = names;
    this.audit = audit;
    this.config = config;
    this.translations = translations;
    this.probe = probe;
    this.baggage = baggage;
  }

  @Override
  public Reply apply(Call.Equipped call) throws InterruptedException {
    if (call.way() instanceof Way.Local<Ready>) {
      return call.call().session().stateless()
          ? stateless.answer(call.call())
          : local.answer(call.call());
    }
    var request = (Message.Request) call.call().message().orElseThrow();
    Session session = call.call().session();
    InFlight inFlight = session.begin(request.id());
    try (inFlight;
        var _ = care(call, request, inFlight)) {
      inFlight.onlyWhile(() -> mayGoOn(call));
      return answer(call, request, inFlight);
    } catch (InterruptedException e) {
      if (inFlight.forbidden()) {
        // That it is forbidden now may be heard.
        call.call().http().events().onlyWhile(() -> true);
        throw noLongerAllowed(call);
      }
      if (!inFlight.cancelled()) {
        throw e;
      }
      if (session.over()) {
        throw session.stateless() ? Refusals.ended() : Session.ended();
      }
      return new Reply.Withdrawn();
    }
  }

  /// Who leaves a stateless call takes it back; a session's client may come back for its answer.
  private Attendance.Care care(Call.Equipped call, Message.Request request, InFlight inFlight) {
    if (!call.call().session().stateless()) {
      return Attendance.Care.NONE;
    }
    boolean becomesStream =
        switch (request.method()) {
          case "tools/call", "prompts/get", "resources/read" -> true;
          default -> false;
        };
    return attendance.attend(call.call().http().stream(), becomesStream, inFlight::cancel);
  }

  /// A list that is made for the caller as it was is not for what it has become; what becomes of a
  /// session then is for the session to say.
  private boolean mayGoOn(Call.Equipped call) {
    boolean anyRights =
        !call.call().session().stateless() || !(call.way() instanceof Way.Many<Ready>);
    return authenticator.recheck(call.call().token()) instanceof Authenticated now
        && (anyRights || now.identity().sameRights(call.call().caller()));
  }

  private boolean tokenCounts(Call.Equipped call) {
    return tokenCounts(call.call().token());
  }

  private boolean tokenCounts(Authenticated token) {
    return authenticator.recheck(token) instanceof Authenticated;
  }

  /// As if the request had come after the change.
  private GatewayException noLongerAllowed(Call.Equipped call) {
    String why = "the caller's rights have changed while the call was under way";
    call.trail().deniedBy("", why);
    if (!tokenCounts(call)) {
      return new NotAuthenticated("the token no longer counts");
    }
    return call.way() instanceof Way.One<Ready> one
        ? Refusals.unknown(one.wanted())
        : Refusals.ended();
  }

  private Reply answer(Call.Equipped call, Message.Request request, InFlight inFlight)
      throws InterruptedException {
    Session session = call.call().session();
    return switch (call.way()) {
      case Way.Local<Ready> _ -> throw new IllegalStateException("answered already");
      case Way.Many<Ready> many -> {
        intend(call.trail());
        if (!session.stateless()) {
          call.call().http().events().onlyWhile(readable(call, many));
        }
        RawJson list = list(call, many);
        yield Replies.result(request.id(), results.own(session, request.method(), list));
      }
      case Way.One<Ready> one -> {
        intend(call.trail(), one);
        yield forward(call, request, one, inFlight);
      }
    };
  }

  /// From here on the gateway may be killed and yet it is known what it was about to do.
  private void intend(AuditTrail trail) {
    trail.intended(audit.intend(trail.describe()));
  }

  /// The same with what can be said before any target is asked.
  private void intend(AuditTrail trail, Way.One<Ready> one) {
    if (one.candidates().size() != 1) {
      intend(trail);
      return;
    }
    Ready only = one.candidates().getFirst();
    Candidate candidate = only.candidate();
    trail.target(candidate.target());
    trail.wanted(Authorize.feature(one.wanted(), candidate).kind(), candidate.name());
    String rule = only.decision() instanceof Allowed(var permit) ? permit.policy() : "";
    trail.intended(audit.intend(trail.describe(rule, only.reach().injection().scope())));
  }

  private RawJson list(Call.Equipped call, Way.Many<Ready> many) throws InterruptedException {
    List<Reach> reaches = many.targets().stream().map(Ready::reach).toList();
    List<Unusable> unusable =
        call.unequipped().stream()
            .map(each -> new Unusable(each.granted().candidate().target(), each.reason()))
            .toList();
    Session session = call.call().session();
    var audience =
        new MergedLists.Audience(
            call.call().caller(), session.version(), session.target().isPresent());
    return lists.page(audience, reaches, unusable, many.kind(), many.cursor());
  }

  private Reply forward(
      Call.Equipped call, Message.Request request, Way.One<Ready> one, InFlight inFlight)
      throws InterruptedException {
    Found found = find(one).orElseThrow(() -> unknown(call, one.wanted()));
    Wanted wanted = one.wanted();
    AuditTrail trail = call.trail();
    trail.target(found.reach().target());
    trail.credentialScope(found.reach().injection().scope());
    trail.wanted(found.feature().kind(), found.feature().name());
    switch (found.decision()) {
      case Denied(var policy, var reason) -> {
        trail.deniedBy(policy, reason);
        throw Refusals.unknown(wanted);
      }
      case Allowed(var permit) -> trail.allowedBy(permit.policy());
    }
    BooleanSupplier allowed = allowed(call, found.feature());
    inFlight.onlyWhile(allowed);
    requireCompletions(found, wanted);
    if (call.call().session().stateless()) {
      Map<String, String> headers = headers(call, request, found);
      ChildSpan span = trail.trace().begin();
      Outgoing outgoing = outgoing(request, wanted, found, headers, span);
      return timed(
          call,
          span,
          () -> statelessCalls.send(call.call(), request, wanted, found, outgoing, allowed));
    }
    if (request.method().equals("resources/subscribe")) {
      feeds.subscribe(call.call().session(), wanted.exposed(), found.reach(), found.feature());
      return Replies.result(request.id(), RawJson.EMPTY_OBJECT);
    }
    call.call().http().events().onlyWhile(readable(call, found.feature()));
    return send(call, request, wanted, found);
  }

  /// Whoever comes back for it has another token by then, which counts.
  private BooleanSupplier readable(Call.Equipped call, Feature feature) {
    Identity caller = call.call().caller();
    return () -> policies.decide(caller, feature) instanceof Allowed;
  }

  /// A list is not for whoever sees another one by the time it is read.
  private BooleanSupplier readable(Call.Equipped call, Way.Many<Ready> many) {
    Identity caller = call.call().caller();
    List<TargetId> targets =
        many.targets().stream().map(each -> each.reach().target().id()).toList();
    Feature.Kind kind = many.kind().feature();
    List<Integer> now = stamps(caller, targets, kind);
    return () -> stamps(caller, targets, kind).equals(now);
  }

  private List<Integer> stamps(Identity caller, List<TargetId> targets, Feature.Kind kind) {
    return targets.stream().map(target -> policies.stamp(caller, target, kind)).toList();
  }

  /// Holds on to nothing of the request: a call may last longer.
  private BooleanSupplier allowed(Call.Equipped call, Feature feature) {
    Authenticated token = call.call().token();
    return () ->
        authenticator.recheck(token) instanceof Authenticated now
            && policies.decide(now.identity(), feature) instanceof Allowed;
  }

  /// The headers that are for the target; those that repeat what the body says have to say the
  /// same.
  private Map<String, String> headers(Call.Equipped call, Message.Request request, Found found)
      throws InterruptedException {
    if (found.feature().kind() != Feature.Kind.TOOL) {
      return Map.of();
    }
    return locator
        .item(found.reach(), ListKind.TOOLS, found.feature().name())
        .map(item ->
            ParameterHeaders.check(item.definition().raw(), request, call.call().http().headers()))
        .orElse(Map.of());
  }

  @FunctionalInterface
  private interface Sending {
    Reply send() throws InterruptedException;
  }

  private static Reply timed(Call.Equipped call, ChildSpan span, Sending sending)
      throws InterruptedException {
    long start = System.nanoTime();
    String error = "";
    try {
      return sending.send();
    } catch (RuntimeException | InterruptedException e) {
      error = e.getClass().getSimpleName();
      throw e;
    } finally {
      call.trail().upstreamTook(System.nanoTime() - start);
      Traced.called(call.trail(), span, error);
    }
  }

  /// Asked only once the caller may know of the prompt or resource.
  private void requireCompletions(Found found, Wanted wanted) throws InterruptedException {
    boolean completion =
        switch (wanted.kind()) {
          case PROMPT_COMPLETION, TEMPLATE_COMPLETION -> true;
          case TOOL, PROMPT, RESOURCE -> false;
        };
    if (completion && !upstreams.facts(found.reach()).offers(Capability.COMPLETIONS)) {
      throw new MethodNotFound(
          "'%s' has no completions".formatted(Refusals.quoted(wanted.exposed())));
    }
  }

  private Reply send(Call.Equipped call, Message.Request request, Wanted wanted, Found found)
      throws InterruptedException {
    ChildSpan span = call.trail().trace().begin();
    Outgoing outgoing = outgoing(request, wanted, found, Map.of(), span);
    Session session = call.call().session();
    Target target = found.reach().target();
    SessionCaller client = callers.of(call.call(), outgoing.clientProgressToken(), target);
    var caller =
        new TranslatedCaller(
            client,
            target.settings(),
            _ -> {},
            () -> translations.between(session, target).inputs());
    return timed(
        call,
        span,
        () -> {
          try {
            Answer answer = upstreams.call(found.reach(), outgoing.call(), caller);
            return switch (translated(session, target, request, wanted, answer)) {
              case Answer.Result result ->
                  Replies.result(
                      request.id(), results.of(session, request.method(), result, target.name()));
              case Answer.Failure(var error) -> {
                rememberPages(session, error);
                yield Replies.failure(request.id(), error, call.trail());
              }
            };
          } finally {
            callers.done(client);
          }
        });
  }

  /// The client is to hear when its user is through with what the error sends them to.
  private static void rememberPages(Session session, RawJson error) {
    if (session.capabilities().elicitationUrl()) {
      PagesToOpen.read(error)
          .ifPresent(pages -> pages.ids().forEach(session.conversation().questions()::sentTo));
    }
  }

  private Answer translated(
      Session session, Target target, Message.Request request, Wanted wanted, Answer answer) {
    Optional<String> uri =
        wanted.kind() == Wanted.Kind.RESOURCE ? Optional.of(wanted.exposed()) : Optional.empty();
    return translations.answer(session, target, request.method(), uri, answer);
  }

  private Outgoing outgoing(
      Message.Request request,
      Wanted wanted,
      Found found,
      Map<String, String> headers,
      ChildSpan span) {
    return new Outgoing(
        request,
        wanted,
        found.feature().name(),
        translations.spokenBy(found.reach().target()),
        config.timeout(),
        headers,
        onward(request, span));
  }

  /// Baggage of clients goes no further than an admin has said, whether or not anything is traced.
  private Propagation onward(Message.Request request, ChildSpan span) {
    Propagation onward = span.onward();
    return onward.traced()
        ? onward
        : request
            .params()
            .object("_meta")
            .text("baggage")
            .map(sent -> new Propagation("", "", baggage.allowed(sent)))
            .orElse(Propagation.NONE);
  }

  private Optional<Found> find(Way.One<Ready> one) throws InterruptedException {
    Wanted wanted = one.wanted();
    return switch (wanted.kind()) {
      case TOOL -> named(one, ListKind.TOOLS);
      case PROMPT, PROMPT_COMPLETION -> named(one, ListKind.PROMPTS);
      case RESOURCE -> located(one, resource(allowed(one)));
      case TEMPLATE_COMPLETION -> located(one, locator.template(allowed(one)));
    };
  }

  private Optional<Reach> resource(List<Locator.Sought> sought) throws InterruptedException {
    Optional<Reach> listed = locator.resource(sought);
    return listed.isPresent() ? listed : probe.find(sought);
  }

  /// "Unknown" would be a guess while a target that may have it can't be asked.
  private static GatewayException unknown(Call.Equipped call, Wanted wanted) {
    return call.unequipped().stream()
        .filter(each -> each.granted().decision() instanceof Allowed)
        .findFirst()
        .map(each -> {
          call.trail().target(each.granted().candidate().target());
          return each.reason();
        })
        .orElseGet(() -> Refusals.unknown(wanted));
  }

  private static List<Locator.Sought> allowed(Way.One<Ready> one) {
    return one.candidates().stream()
        .filter(ready -> ready.decision() instanceof Allowed)
        .map(ready -> new Locator.Sought(ready.reach(), ready.candidate().name()))
        .toList();
  }

  private static Optional<Found> located(Way.One<Ready> one, Optional<Reach> reach) {
    return reach.flatMap(found ->
        one.candidates().stream()
            .filter(ready -> ready.reach().equals(found))
            .findFirst()
            .map(ready ->
                new Found(
                    found, Authorize.feature(one.wanted(), ready.candidate()), ready.decision())));
  }

  /// The first candidate that lists the name owns it, whether or not the caller may use it. A
  /// target that can't be asked is passed over, but then "unknown" would be a guess.
  private Optional<Found> named(Way.One<Ready> one, ListKind kind) throws InterruptedException {
    @Nullable UpstreamFailed unasked = null;
    for (Ready ready : one.candidates()) {
      if (ready.candidate().page()) {
        continue;
      }
      try {
        Optional<Found> found = owned(ready, one.wanted(), kind);
        if (found.isPresent()) {
          return found;
        }
      } catch (UpstreamFailed e) {
        unasked = e;
      }
    }
    if (unasked != null) {
      throw unasked;
    }
    return ofPage(one);
  }

  /// What a page means by a name without a prefix: the one tool of that name that pages may call.
  private Optional<Found> ofPage(Way.One<Ready> one) throws InterruptedException {
    List<Ready> meant = new ArrayList<>(1);
    for (Ready ready : one.candidates()) {
      boolean allowed = ready.decision() instanceof Allowed;
      if (ready.candidate().page()
          && allowed
          && locator.forPages(ready.reach(), ready.candidate().name())) {
        meant.add(ready);
      }
    }
    return meant.size() == 1
        ? meant.stream()
            .map(ready ->
                new Found(
                    ready.reach(),
                    Authorize.feature(one.wanted(), ready.candidate()),
                    ready.decision()))
            .findFirst()
        : Optional.empty();
  }

  private Optional<Found> owned(Ready ready, Wanted wanted, ListKind kind)
      throws InterruptedException {
    Candidate candidate = ready.candidate();
    if (!candidate.cut()) {
      return locator.lists(ready.reach(), kind, candidate.name())
          ? Optional.of(
              new Found(ready.reach(), Authorize.feature(wanted, candidate), ready.decision()))
          : Optional.empty();
    }
    return locator
        .unshorten(ready.reach(), kind, names, candidate.prefix(), wanted.exposed())
        .map(name -> {
          var whole = new Candidate(candidate.target(), candidate.prefix(), name, false);
          Feature feature = Authorize.feature(wanted, whole);
          Decision decision = policies.decide(ready.reach().permit().caller(), feature);
          return new Found(ready.reach(), feature, decision);
        });
  }
}
