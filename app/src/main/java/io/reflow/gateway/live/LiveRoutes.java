package io.reflow.gateway.live;

import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.fault.GatewayException.NotAuthenticated;
import io.reflow.gateway.fault.GatewayException.NotPermitted;
import io.reflow.gateway.http.Exchange;
import io.reflow.gateway.http.Socket;
import io.reflow.gateway.http.Socket.Message;
import io.reflow.gateway.identity.Authentication.Authenticated;
import io.reflow.gateway.identity.Authentication.Rejected;
import io.reflow.gateway.identity.TokenScope;
import io.reflow.gateway.telemetry.Reading;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/// `/api/observability`: what happens at this replica, for admins. Everybody's names are in it, so
/// that a watcher who is no admin any more is cut off at once.
public final class LiveRoutes {

  /// LiveFigures over less than this say little.
  private static final long SHORTEST_WINDOW = Duration.ofSeconds(2).toNanos();

  private final LiveParts parts;
  private final AtomicReference<Reading> last;

  public LiveRoutes(LiveParts parts) {
    this.parts = parts;
    this.last = new AtomicReference<>(parts.figures().reading());
  }

  /// `GET /api/observability/snapshot`. The figures are of the time since somebody last asked.
  public void snapshot(Exchange<Authenticated> exchange) {
    Reading now = parts.figures().reading();
    exchange.header("Cache-Control", "no-store").ok(LiveView.snapshot(parts, earlier(now), now));
  }

  private Reading earlier(Reading now) {
    return last.getAndUpdate(
        before -> now.nanos() - before.nanos() >= SHORTEST_WINDOW ? now : before);
  }

  /// Answers who asks without a WebSocket.
  @SuppressWarnings("DoNotCallSuggester") // what it answers is always a refusal
  public void explain(Exchange<Authenticated> exchange) {
    throw new InvalidRequest("the live view is a WebSocket: send 'Upgrade: websocket'");
  }

  /// Serves a socket from its first message to its end.
  public void serve(Socket socket) throws InterruptedException {
    try {
      Optional<WatchJson> first = first(socket);
      if (first.isPresent()) {
        watch(socket, admitted(first.get()));
      }
    } catch (GatewayException e) {
      socket.refuse(e);
    }
  }

  private Optional<WatchJson> first(Socket socket) throws InterruptedException {
    Message message =
        socket
            .receive(parts.patience())
            .orElseThrow(
                () -> new NotAuthenticated("the first message, with the token, did not come"));
    return switch (message) {
      case Message.Text text -> Optional.of(text.as(WatchJson.class));
      case Message.Binary _ ->
          throw new NotAuthenticated("the first message must be JSON with the token");
      case Message.End() -> Optional.empty();
    };
  }

  private Authenticated admitted(WatchJson first) {
    return switch (parts.authenticator().authenticate(Optional.of(first.token()))) {
      case Rejected(_, var reason) -> throw new NotAuthenticated(reason);
      case Authenticated caller when caller.mayUse(TokenScope.ADMIN) -> caller;
      case Authenticated _ ->
          throw new NotPermitted("this needs the role 'admin' and a token with the scope 'admin'");
    };
  }

  private void watch(Socket socket, Authenticated caller) throws InterruptedException {
    try (var _ =
        parts
            .streams()
            .add(
                caller.identity().user(),
                () -> allowed(caller),
                () -> LiveView.end(socket, "it is not allowed any more, or the gateway stops"))) {
      var view = new LiveView(parts, socket);
      view.run(last.get());
    }
  }

  private boolean allowed(Authenticated earlier) {
    return parts.authenticator().recheck(earlier) instanceof Authenticated caller
        && caller.mayUse(TokenScope.ADMIN);
  }
}
