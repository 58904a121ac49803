package io.reflow.gateway.mcp;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.reflow.gateway.audit.AuditLog;
import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.fault.GatewayException.NotAuthenticated;
import io.reflow.gateway.fault.GatewayException.Unavailable;
import io.reflow.gateway.http.RequestBody;
import io.reflow.gateway.http.RestRoutes;
import io.reflow.gateway.identity.Authentication;
import io.reflow.gateway.identity.Authenticator;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.protocol.JsonArray;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.replica.ForwardEndpoint;
import io.reflow.gateway.replica.Passed;
import io.reflow.gateway.replica.Replica;
import io.reflow.gateway.session.Home;
import io.reflow.gateway.session.SessionHomes;
import io.reflow.gateway.session.SessionId;
import io.reflow.gateway.session.Sessions;
import io.reflow.gateway.telemetry.Metrics;
import io.reflow.gateway.telemetry.Strangers;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;

/// Stands in front of the MCP endpoint: a request whose session is at another replica is passed on
/// to it. When that one has died, the request waits until this one may go on with the session.
public final class ElsewhereEndpoint {

  private static final HeaderName SESSION_ID = HeaderNames.create("Mcp-Session-Id");
  private static final String SESSION_QUERY = "sessionId";
  private static final Duration PAUSE = Duration.ofMillis(250);
  private static final Duration TRY_AGAIN = Duration.ofSeconds(5);

  private final Authenticator authenticator;
  private final Predicate<String> here;
  private final Sessions sessions;
  private final SessionHomes homes;
  private final ForwardEndpoint forward;
  private final LostRequests lost;
  private final Duration patience;
  private final InstantSource clock;

  /// @param here knows what is in memory under an id
  /// @param patience how long a request may wait for the death of a replica
  public ElsewhereEndpoint(
      Authenticator authenticator,
      Predicate<String> here,
      Sessions sessions,
      SessionHomes homes,
      ForwardEndpoint forward,
      AuditLog audit,
      Metrics metrics,
      Strangers strangers,
      Duration patience,
      InstantSource clock) {
    this.authenticator = authenticator;
    this.here = here;
    this.sessions = sessions;
    this.homes = homes;
    this.forward = forward;
    this.lost = new LostRequests(new Records(audit, metrics, strangers));
    this.patience = patience;
    this.clock = clock;
  }

  /// Goes before the routes of the same path.
  public void register(HttpRouting.Builder routing, String path) {
    routing.any(path, this::passOn);
  }

  /// The same on the internal listener, where nothing is passed on a second time.
  public void registerInternal(HttpRouting.Builder routing, String path) {
    routing.any(path, this::refuseStrays);
  }

  private void passOn(ServerRequest request, ServerResponse response) throws InterruptedException {
    Optional<String> id = strange(request);
    Optional<Identity> caller = id.flatMap(_ -> caller(request));
    if (caller.isEmpty() || !passOn(id.get(), caller.get(), request, response)) {
      response.next();
    }
  }

  private void refuseStrays(ServerRequest request, ServerResponse response) {
    Optional<String> id = strange(request);
    Optional<Identity> caller = id.flatMap(_ -> caller(request));
    if (caller.isPresent()
        && lookUp(id.get(), caller.get()) instanceof Home.Here
        && settle(id.get(), caller.get(), request) instanceof Home.Here) {
      response.next();
    } else if (caller.isPresent()) {
      ForwardEndpoint.misdirected(response);
    } else {
      response.next();
    }
  }

  /// The session of a request, if it is not in memory.
  private Optional<String> strange(ServerRequest request) {
    return request
        .headers()
        .first(SESSION_ID)
        .or(() -> request.query().first(SESSION_QUERY).asOptional())
        .filter(id -> !here.test(id));
  }

  /// Empty where the endpoint is to say what is wrong with the caller.
  private Optional<Identity> caller(ServerRequest request) {
    try {
      return switch (authenticator.authenticate(RestRoutes.bearerToken(request))) {
        case Authentication.Authenticated known -> Optional.of(known.identity());
        case Authentication.Rejected _ -> Optional.empty();
      };
    } catch (NotAuthenticated | Unavailable _) {
      return Optional.empty();
    }
  }

  /// False if it is for this replica to answer.
  private boolean passOn(String id, Identity caller, ServerRequest request, ServerResponse response)
      throws InterruptedException {
    Home home = known(() -> homes.guess(id, caller.user()));
    if (home instanceof Home.Here) {
      home = settle(id, caller, request);
    }
    if (home instanceof Home.Here) {
      return false;
    }
    byte[] body = RequestBody.read(request);
    RequestBody.keep(request, body);
    AuditTrail trail = trail(id, caller, request);
    long giveUpAt = System.nanoTime() + patience.toNanos();
    while (!(home instanceof Home.Here)) {
      if (home instanceof Home.At(Replica replica)) {
        switch (forward.pass(replica, request, body, response)) {
          case Passed.Answered() -> {
            return true;
          }
          case Passed.Left() -> {
            lost.left(request.prologue().method().text(), body, trail);
            return true;
          }
          case Passed.Lost loss -> {
            tellLoss(loss, lost, trail, request, body, response);
            return true;
          }
          case Passed.Elsewhere() -> {}
        }
      }
      if (System.nanoTime() > giveUpAt) {
        var silence =
            new Unavailable("the replica that has the session does not answer", TRY_AGAIN);
        String verb = request.prologue().method().text();
        lost.unanswered(silence.reason(), verb, body, trail);
        throw silence;
      }
      Home before = home;
      home = lookUp(id, caller);
      if (home instanceof Home.Here) {
        home = settle(id, caller, request);
      }
      if (home.equals(before)) {
        Thread.sleep(PAUSE);
      }
    }
    return false;
  }

  private AuditTrail trail(String id, Identity caller, ServerRequest request) {
    AuditTrail trail = McpEndpoint.trail(request, clock);
    trail.caller(caller);
    trail.sessionElsewhere(new SessionId(id).digest());
    return trail;
  }

  /// Goes on with a session that nobody has. When another replica was faster, that one has it.
  private Home settle(String id, Identity caller, ServerRequest request) {
    Optional<String> target = request.path().pathParameters().first("target").asOptional();
    return known(() ->
        sessions.find(id, caller, target).isPresent()
            ? new Home.Here()
            : homes.lookUp(id, caller.user()));
  }

  private Home lookUp(String id, Identity caller) {
    return known(() -> homes.lookUp(id, caller.user()));
  }

  /// Where it can't be found out, the endpoint says so.
  private static Home known(Supplier<Home> question) {
    try {
      return question.get();
    } catch (GatewayException _) {
      return new Home.Here();
    }
  }

  /// Nobody knows whether the call took effect: it is not tried again, and the client hears so.
  ///
  /// @param trail knows the caller
  static void tellLoss(
      Passed.Lost loss,
      LostRequests lost,
      AuditTrail trail,
      ServerRequest request,
      byte[] body,
      ServerResponse response) {
    String verb = request.prologue().method().text();
    if (loss.stream().isPresent()) {
      end(loss.stream().get(), () -> lost.wentAway(verb, body, trail));
      return;
    }
    List<RawJson> answers = lost.wentAway(verb, body, trail);
    if (answers.isEmpty()) {
      throw new Unavailable("the replica that has the session went away", TRY_AGAIN);
    }
    RawJson answer = Batch.is(body) ? JsonArray.of(answers) : answers.getFirst();
    response.status(Status.OK_200).header(HeaderValues.CONTENT_TYPE_JSON).send(answer.toBytes());
  }

  private static void end(OutputStream stream, Supplier<List<RawJson>> last) {
    try (stream) {
      for (RawJson answer : last.get()) {
        String event = "event: message\ndata: " + answer + "\n\n";
        stream.write(event.getBytes(StandardCharsets.UTF_8));
      }
    } catch (IOException _) {
      // The client has left meanwhile.
    }
  }
}
