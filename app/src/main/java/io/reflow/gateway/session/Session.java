package io.reflow.gateway.session;

import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.fault.GatewayException.NotFound;
import io.reflow.gateway.fault.GatewayException.Overloaded;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.LogLevel;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/// A client's MCP session of the initialize era. It belongs to one user, and to the path it began
/// on; role and groups are those it was opened with.
public final class Session {

  /// Of one user in all sessions: each holds a connection until it is answered, even if its client
  /// has left, and there are only so many for all.
  static final int MOST_IN_FLIGHT = 1000;

  private static final Duration TRY_AGAIN = Duration.ofSeconds(5);

  private final SessionId id;
  private final String digest;
  private final Identity owner;
  private final ProtocolVersion version;
  private final Client client;
  private final ClientCapabilities capabilities;
  private final Optional<String> target;
  private final Instant openedAt;
  private final AtomicInteger userInFlight;
  private final Map<RawJson, InFlight> inFlight = new ConcurrentHashMap<>();
  private volatile boolean over;
  private final InstantSource clock;
  private volatile Instant lastUsed;
  private volatile LogLevel logLevel = LogLevel.INFO;

  /// @param userInFlight counts the requests under way in all sessions of the owner
  Session(
      SessionId id,
      Identity owner,
      ProtocolVersion version,
      Client client,
      ClientCapabilities capabilities,
      Optional<String> target,
      AtomicInteger userInFlight,
      Instant openedAt,
      InstantSource clock) {
    this.id = id;
    this.digest = id.digest();
    this.owner = owner;
    this.version = version;
    this.client = client;
    this.capabilities = capabilities;
    this.target = target;
    this.userInFlight = userInFlight;
    this.clock = clock;
    this.openedAt = openedAt;
    this.lastUsed = clock.instant();
  }

  /// What the client calls itself.
  public record Client(String name, String version) {

    @Override
    public String toString() {
      return version.isEmpty() ? name : name + "/" + version;
    }
  }

  public SessionId id() {
    return id;
  }

  /// What logs and rows call it; nobody can use the session by it.
  public String digest() {
    return digest;
  }

  /// Who opened it, with the role and groups of that moment.
  public Identity owner() {
    return owner;
  }

  public ProtocolVersion version() {
    return version;
  }

  public Client client() {
    return client;
  }

  /// What the client can be asked for.
  public ClientCapabilities capabilities() {
    return capabilities;
  }

  /// The one target of a session on `/mcp/{target}`.
  public Optional<String> target() {
    return target;
  }

  public Instant openedAt() {
    return openedAt;
  }

  public Instant lastUsed() {
    return lastUsed;
  }

  void touch() {
    lastUsed = clock.instant();
  }

  public LogLevel logLevel() {
    return logLevel;
  }

  public void logLevel(LogLevel level) {
    this.logLevel = level;
  }

  /// Marks a request as being worked on by the current thread until the result is closed.
  ///
  /// @throws InvalidRequest when a request of the same id is still under way
  /// @throws NotFound when the session has been ended meanwhile
  /// @throws Overloaded when the user has too many requests under way
  public InFlight begin(RawJson requestId) {
    if (userInFlight.incrementAndGet() > MOST_IN_FLIGHT) {
      userInFlight.decrementAndGet();
      throw new Overloaded(
          "you have %d requests under way, which is the limit".formatted(MOST_IN_FLIGHT),
          TRY_AGAIN);
    }
    var request = new InFlight(this, requestId);
    if (inFlight.putIfAbsent(requestId, request) != null) {
      userInFlight.decrementAndGet();
      throw new InvalidRequest("the id %s is in use by a request under way".formatted(requestId));
    }
    // Asked after the request can be seen: whoever ends the session now takes it back.
    if (over) {
      remove(requestId);
      throw ended();
    }
    return request;
  }

  /// Takes back a request under way; without effect when there is none of that id.
  public void cancel(RawJson requestId) {
    InFlight request = inFlight.get(requestId);
    if (request != null) {
      request.cancel();
    }
  }

  public int requestsInFlight() {
    return inFlight.size();
  }

  void remove(RawJson requestId) {
    if (inFlight.remove(requestId) != null) {
      userInFlight.decrementAndGet();
      touch();
    }
  }

  /// Whether somebody has ended it: requests that were under way are to be told so.
  public boolean over() {
    return over;
  }

  /// What a client hears whose session has been ended.
  public static NotFound ended() {
    return new NotFound("the session is unknown or over: begin anew with initialize");
  }

  void recheck() {
    inFlight.values().forEach(InFlight::recheck);
  }

  void end() {
    over = true;
    inFlight.values().forEach(InFlight::cancel);
  }

  /// Whether the caller still is who opened it: the same user with the same role and groups.
  boolean matches(Identity caller) {
    return owner.user().equals(caller.user())
        && owner.role().equals(caller.role())
        && owner.groups().equals(caller.groups());
  }
}
