package io.reflow.gateway.session;

import io.reflow.gateway.http.Exchange;
import io.reflow.gateway.identity.Authentication.Authenticated;
import io.reflow.gateway.identity.TokenScope;
import io.reflow.gateway.identity.UserId;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/// `/api/sessions`: who is connected, and ending sessions so that clients begin anew. What is under
/// way without a session is shown as long as it lasts, and ended too.
public final class SessionRoutes {

  private final Sessions sessions;

  public SessionRoutes(Sessions sessions) {
    this.sessions = sessions;
  }

  /// One session as admins and its own user see it. The id is not told: it would let its reader try
  /// to use the session.
  public record SessionJson(
      String userId,
      String email,
      String client,
      String protocolVersion,
      String path,
      Instant openedAt,
      Instant lastActivity,
      int requestsInFlight) {

    static SessionJson of(Session session) {
      return new SessionJson(
          session.owner().user().toString(),
          session.owner().email(),
          session.client().toString(),
          session.version().wireName(),
          session.target().map(target -> "/mcp/" + target).orElse("/mcp"),
          session.openedAt(),
          session.lastUsed(),
          session.requestsInFlight());
    }
  }

  /// How many sessions of whom were ended.
  public record RecycledJson(int recycled, String userId) {}

  /// `GET /api/sessions`: one's own; for admins all.
  public void list(Exchange<Authenticated> exchange) {
    var token = exchange.caller();
    var caller = token.identity();
    boolean all = caller.admin() && token.mayUse(TokenScope.ADMIN);
    Collection<Session> open = all ? sessions.all() : sessions.of(caller.user());
    Collection<Session> calls = all ? sessions.calls() : sessions.callsOf(caller.user());
    List<SessionJson> json =
        Stream.concat(open.stream(), calls.stream())
            .sorted(Comparator.comparing(Session::lastUsed).reversed())
            .map(SessionJson::of)
            .toList();
    exchange.ok(json);
  }

  /// `POST /api/sessions/recycle`: ends one's own sessions.
  public void recycleOwn(Exchange<Authenticated> exchange) {
    recycle(exchange, exchange.caller().identity().user());
  }

  /// `POST /api/users/{id}/recycle`: ends another user's sessions.
  public void recycleUser(Exchange<Authenticated> exchange) {
    recycle(exchange, new UserId(exchange.id("id")));
  }

  private void recycle(Exchange<Authenticated> exchange, UserId user) {
    exchange.ok(new RecycledJson(sessions.endAll(user), user.toString()));
  }
}
