package io.reflow.gateway.session;

import io.reflow.gateway.http.Exchange;
import io.reflow.gateway.identity.Authentication.Authenticated;
import io.reflow.gateway.identity.TokenScope;
import io.reflow.gateway.identity.UserId;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// `/api/sessions`: who is connected, and ending sessions so that clients begin anew. What is under
/// way without a session is shown as long as it lasts, and ended too.
public final class SessionRoutes {

  private final Sessions sessions;
  private final SessionStore store;
  private final Recycling recycling;

  public SessionRoutes(Sessions sessions, SessionStore store, Recycling recycling) {
    this.sessions = sessions;
    this.store = store;
    this.recycling = recycling;
  }

  /// One session as admins and its own user see it. The id is not told: it would let its reader try
  /// to use the session.
  ///
  /// @param lastActivity to the minute where another replica has the session
  /// @param requestsInFlight of this replica; null where another has the session
  public record SessionJson(
      String userId,
      String email,
      String client,
      String protocolVersion,
      String path,
      Instant openedAt,
      Instant lastActivity,
      @Nullable Integer requestsInFlight) {

    static SessionJson of(Session call) {
      return new SessionJson(
          call.owner().user().toString(),
          call.owner().email(),
          call.client().toString(),
          call.version().wireName(),
          path(call.target()),
          call.openedAt(),
          call.lastUsed(),
          call.requestsInFlight());
    }

    static SessionJson of(SessionStore.Listed session, Optional<Session> here) {
      return new SessionJson(
          session.user().toString(),
          session.email(),
          session.client().toString(),
          session.version(),
          path(session.target()),
          session.openedAt(),
          here.map(Session::lastUsed).orElse(session.lastSeen()),
          here.map(Session::requestsInFlight).orElse(null));
    }

    private static String path(Optional<String> target) {
      return target.map(name -> "/mcp/" + name).orElse("/mcp");
    }
  }

  /// How many sessions of whom were ended.
  public record RecycledJson(int recycled, String userId) {}

  /// `GET /api/sessions`: one's own; for admins all. Those of every replica.
  public void list(Exchange<Authenticated> exchange) {
    var token = exchange.caller();
    var caller = token.identity();
    boolean all = caller.admin() && token.mayUse(TokenScope.ADMIN);
    Map<String, Session> here =
        sessions.all().stream()
            .collect(Collectors.toMap(SavedSessions::digest, Function.identity()));
    Stream<SessionJson> open =
        store.list(all ? Optional.empty() : Optional.of(caller.user())).stream()
            .map(session ->
                SessionJson.of(session, Optional.ofNullable(here.get(session.digest()))));
    Collection<Session> calls = all ? sessions.calls() : sessions.callsOf(caller.user());
    List<SessionJson> json =
        Stream.concat(open, calls.stream().map(SessionJson::of))
            .sorted(Comparator.comparing(SessionJson::lastActivity).reversed())
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
    exchange.ok(new RecycledJson((int) recycling.recycle(user), user.toString()));
  }
}
