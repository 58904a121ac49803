package io.reflow.gateway.mcp;

import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.identity.Authentication.Authenticated;
import io.reflow.gateway.identity.Authenticator;
import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.InFlight;
import io.reflow.gateway.session.OpenStreams;
import io.reflow.gateway.session.Session;
import io.reflow.gateway.session.Sessions;
import io.reflow.gateway.upstream.Listener.ListKind;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// Tells a stateless client of changes, for as long as it listens and may.
///
/// See <https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/subscriptions>
final class StatelessListen {

  static final String METHOD = "subscriptions/listen";

  private static final String SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId";
  private static final Duration GATHERING = Duration.ofMillis(100);

  /// So often it is asked whether the caller still may listen, even if nothing happens.
  private static final Duration ROUND = Duration.ofSeconds(15);

  private final Authenticator authenticator;
  private final Sessions sessions;
  private final Introduction introduction;
  private final SubscriptionFeeds feeds;
  private final ListChanges changes;
  private final OpenStreams streams;
  private final Attendance attendance;
  private final Results results;
  private final InstantSource clock;

  StatelessListen(
      McpParts parts,
      Introduction introduction,
      SubscriptionFeeds feeds,
      Attendance attendance,
      Results results) {
    this.authenticator = parts.authenticator();
    this.sessions = parts.sessions();
    this.introduction = introduction;
    this.feeds = feeds;
    this.changes = parts.changes();
    this.streams = parts.streams();
    this.attendance = attendance;
    this.results = results;
    this.clock = parts.clock();
  }

  Reply listen(Call.InSession call, Message.Request request) throws InterruptedException {
    ListenFilter filter = ListenFilter.read(request);
    ClientStream stream = call.http().stream();
    if (!stream.accepted()) {
      throw new InvalidRequest("listening takes a client that accepts text/event-stream");
    }
    Session session = call.session();
    InFlight inFlight = session.begin(request.id());
    try (inFlight;
        var _ = attendance.attend(stream, false, inFlight::cancel)) {
      listen(call, request, filter);
      return ended(session, request);
    } catch (InterruptedException e) {
      if (!inFlight.cancelled()) {
        throw e;
      }
      return session.over() ? ended(session, request) : new Reply.Withdrawn();
    }
  }

  /// Listening is over, for no fault of the client.
  private Reply ended(Session session, Message.Request request) {
    var result = RawJson.of("{\"_meta\":{\"%s\":%s}}".formatted(SUBSCRIPTION, request.id()));
    return Replies.result(request.id(), results.own(session, METHOD, result));
  }

  private void listen(Call.InSession call, Message.Request request, ListenFilter filter)
      throws InterruptedException {
    Set<ListKind> lists = introduction.announced(introduction.visible(call));
    lists.retainAll(filter.lists());
    boolean saw = sees(call);
    var subscription = new Subscription(call.session(), lists);
    try (subscription;
        var _ = streams.add(call.caller().user(), () -> counts(call), subscription::end);
        var _ = changes.add(subscription)) {
      Set<String> uris = feeds.follow(call, subscription, filter.uris());
      acknowledge(call, request, new ListenFilter(lists, uris));
      Call.InSession now = call;
      while (counts(now) && (!saw || sees(now)) && !subscription.over()) {
        Optional<Call.InSession> renewed = renewed(now);
        if (renewed.isPresent()) {
          now = renewed.get();
          subscription.become(now.session());
          feeds.follow(now, subscription, uris).forEach(uri -> mayHaveChanged(subscription, uri));
        }
        tell(call, request, subscription.await(untilNextLook(call), GATHERING));
        if (subscription.viewChanged()) {
          Set<String> _ = feeds.follow(now, subscription, Set.of());
        }
      }
    }
  }

  /// The call as its caller would make it now, where the role or groups have changed.
  private Optional<Call.InSession> renewed(Call.InSession call) {
    return authenticator.recheck(call.token()) instanceof Authenticated now
            && !now.identity().sameRights(call.caller())
        ? Optional.of(by(now, call))
        : Optional.empty();
  }

  private Call.InSession by(Authenticated now, Call.InSession call) {
    Session before = call.session();
    Session session =
        sessions.single(
            now.identity(),
            before.version(),
            before.client(),
            before.capabilities(),
            before.logLevel(),
            before.target());
    Call.Understood said = call.call();
    var known = new Call.Known(now, said.call().received());
    var understood = new Call.Understood(said.message(), said.claims(), said.batch(), known);
    return new Call.InSession(session, false, understood);
  }

  private static void mayHaveChanged(Subscription subscription, String uri) {
    subscription.resourceUpdated(uri, RawJson.of("{\"uri\":%s}".formatted(JsonText.quote(uri))));
  }

  private boolean counts(Call.InSession call) {
    return authenticator.recheck(call.token()) instanceof Authenticated
        && clock.instant().isBefore(call.token().expiresAt());
  }

  private boolean sees(Call.InSession call) {
    return !introduction.visible(call).isEmpty();
  }

  private Duration untilNextLook(Call.InSession call) {
    Instant now = clock.instant();
    Instant end = call.token().expiresAt();
    return now.plus(ROUND).isBefore(end) ? ROUND : Duration.between(now, end).plusMillis(1);
  }

  private static void acknowledge(
      Call.InSession call, Message.Request request, ListenFilter honoured) {
    call.http().stream()
        .send(
            "notifications/subscriptions/acknowledged",
            tagged(request, RawJson.of("{\"notifications\":" + honoured.json() + "}")));
  }

  private static void tell(
      Call.InSession call, Message.Request request, Subscription.Changes changed) {
    ClientStream stream = call.http().stream();
    for (ListKind kind : changed.lists()) {
      stream.send(
          "notifications/%s/list_changed".formatted(kind.name().toLowerCase(Locale.ROOT)),
          tagged(request, RawJson.EMPTY_OBJECT));
    }
    for (RawJson params : changed.resources()) {
      stream.send("notifications/resources/updated", tagged(request, params));
    }
  }

  private static RawJson tagged(Message.Request request, RawJson params) {
    try {
      return new JsonObjectEdit(MessageReader.readObject(params))
          .set("_meta", RawJson.of("{\"%s\":%s}".formatted(SUBSCRIPTION, request.id())))
          .apply();
    } catch (MalformedMessage e) {
      throw new IllegalStateException("the gateway has made a notification that is none", e);
    }
  }
}
