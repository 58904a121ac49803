package io.reflow.gateway.terminal;

import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.fault.GatewayException.NotAuthenticated;
import io.reflow.gateway.fault.GatewayException.NotFound;
import io.reflow.gateway.fault.GatewayException.NotPermitted;
import io.reflow.gateway.fault.GatewayException.Overloaded;
import io.reflow.gateway.http.Exchange;
import io.reflow.gateway.http.Socket;
import io.reflow.gateway.http.Socket.Message;
import io.reflow.gateway.identity.Authentication.Authenticated;
import io.reflow.gateway.identity.Authentication.Rejected;
import io.reflow.gateway.identity.TokenScope;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.policy.Decision.Allowed;
import io.reflow.gateway.policy.Decision.Denied;
import io.reflow.gateway.policy.Permit;
import io.reflow.gateway.target.Isolation;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.upstream.stdio.Terminal;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// `/api/targets/{id}/terminal`: a shell in the surroundings of an instance, over a WebSocket, for
/// logins that a server needs once. For admins, who give their password again; for instances that
/// everybody shares, or one's own.
public final class TerminalRoutes implements AutoCloseable {

  private static final Duration TRY_AGAIN = Duration.ofSeconds(30);
  private static final Duration LAST_WAIT = Duration.ofSeconds(10);

  private final TerminalParts parts;
  private final Semaphore free;

  public TerminalRoutes(TerminalParts parts) {
    this.parts = parts;
    this.free = new Semaphore(parts.config().maxOpen());
  }

  public boolean enabled() {
    return parts.config().enabled();
  }

  /// Answers who asks without a WebSocket.
  @SuppressWarnings("DoNotCallSuggester") // what it answers is always a refusal
  public void explain(Exchange<Authenticated> exchange) {
    throw enabled()
        ? new InvalidRequest("a terminal is opened by a WebSocket: send 'Upgrade: websocket'")
        : new NotFound("terminals are switched off; an operator can set terminal.enabled");
  }

  /// Serves a socket from its first message to its end.
  public void serve(Socket socket) throws InterruptedException {
    try {
      Optional<OpenJson> first = first(socket);
      if (first.isPresent()) {
        serve(socket, first.get());
      }
    } catch (GatewayException e) {
      socket.refuse(e);
    }
  }

  private Optional<OpenJson> first(Socket socket) throws InterruptedException {
    Message message =
        socket
            .receive(parts.patience())
            .orElseThrow(() ->
                new NotAuthenticated("the first message, with token and password, did not come"));
    return switch (message) {
      case Message.Text text -> Optional.of(text.as(OpenJson.class));
      case Message.Binary _ ->
          throw new NotAuthenticated("the first message must be JSON with token and password");
      case Message.End() -> Optional.empty();
    };
  }

  private void serve(Socket socket, OpenJson first) throws InterruptedException {
    Authenticated caller = authenticated(socket, first);
    var record = new TerminalRecord(parts, caller.identity(), socket.traceId());
    Permit permit;
    Target target;
    try {
      admit(socket, caller, first);
      target = parts.access().get(caller, socket.id("id"));
      record.at(target);
      permit = permit(target, caller);
      shared(target, permit, first);
      if (!free.tryAcquire()) {
        throw new Overloaded(
            "%d terminals are open, the most allowed".formatted(parts.config().maxOpen()),
            TRY_AGAIN);
      }
    } catch (GatewayException e) {
      record.refused(e);
      throw e;
    }
    try {
      open(socket, first, caller, target, permit, record);
    } finally {
      free.release();
    }
  }

  private Authenticated authenticated(Socket socket, OpenJson first) {
    return switch (parts.authenticator().authenticate(Optional.of(first.token()))) {
      case Rejected(var why, var reason) -> {
        parts.strangers().refused(why.word(), socket::peer, true, socket.traceId().value());
        throw new NotAuthenticated(reason);
      }
      case Authenticated caller -> caller;
    };
  }

  private void admit(Socket socket, Authenticated caller, OpenJson first)
      throws InterruptedException {
    if (!caller.mayUse(TokenScope.ADMIN)) {
      throw new NotPermitted("this needs the role 'admin' and a token with the scope 'admin'");
    }
    if (!parts.passwords().confirms(caller.identity(), first.password(), socket.peer())) {
      throw new NotPermitted("the password is wrong");
    }
    if (socket.pending()) {
      throw new InvalidRequest("nothing may be sent before the terminal is open");
    }
  }

  private Permit permit(Target target, Authenticated caller) {
    if (!(target.transport() instanceof Transport.Stdio)) {
      throw new InvalidRequest("target '%s' is no child process".formatted(target.name()));
    }
    if (!target.enabled()) {
      throw new InvalidRequest("target '%s' is disabled".formatted(target.name()));
    }
    return switch (parts.policies().visible(caller.identity(), target.id())) {
      case Allowed(var permit) -> permit;
      case Denied(_, var reason) ->
          throw new NotPermitted(
              "the policies do not let you reach target '%s': %s".formatted(target.name(), reason));
    };
  }

  private static void shared(Target target, Permit permit, OpenJson first) {
    boolean fits =
        target.isolation() == Isolation.SHARED || target.isolation() == Isolation.PER_USER;
    String own = InstanceKey.of(target, permit.caller()).sharing().wireName();
    if (!fits || (first.instance() != null && !first.instance().equals(own))) {
      throw new NotPermitted(
          "a terminal opens in an instance that everybody shares, or in one's own");
    }
  }

  private void open(
      Socket socket,
      OpenJson first,
      Authenticated caller,
      Target target,
      Permit permit,
      TerminalRecord record)
      throws InterruptedException {
    InstanceKey key = InstanceKey.of(target, permit.caller());
    try {
      var injection = parts.credentials().resolve(permit, target, key);
      record.started(permit, injection.scope());
      var stop = new CompletableFuture<Void>();
      // First of all: nothing is started for a user who has too many streams.
      try (var _ =
              parts
                  .streams()
                  .add(
                      caller.identity().user(),
                      () -> allowed(caller, target, key),
                      () -> stop.complete(null));
          Terminal terminal =
              parts
                  .dial()
                  .terminal(
                      target,
                      key,
                      injection,
                      List.of(parts.config().shell()),
                      Optional.ofNullable(first.columns()).orElseThrow(),
                      Optional.ofNullable(first.rows()).orElseThrow())) {
        var session = new TerminalSession(parts.config(), socket, terminal);
        var _ = stop.thenRun(() -> session.end("it is not allowed any more, or the gateway stops"));
        session.run();
        record.ended(session.reason());
      }
    } catch (GatewayException e) {
      record.ended(e.reason());
      throw e;
    } finally {
      record.ended("the gateway has stopped");
    }
  }

  private boolean allowed(Authenticated earlier, Target target, InstanceKey key) {
    return parts.authenticator().recheck(earlier) instanceof Authenticated caller
        && caller.mayUse(TokenScope.ADMIN)
        && parts.access().all(caller).stream()
            .anyMatch(now ->
                now.id().equals(target.id())
                    && now.enabled()
                    && InstanceKey.of(now, caller.identity()).sharing().equals(key.sharing())
                    && parts.policies().visible(caller.identity(), now.id()) instanceof Allowed);
  }

  /// Waits until every terminal has ended; lets none open any more.
  @Override
  public void close() throws InterruptedException {
    boolean _ =
        free.tryAcquire(parts.config().maxOpen(), LAST_WAIT.toMillis(), TimeUnit.MILLISECONDS);
  }
}
