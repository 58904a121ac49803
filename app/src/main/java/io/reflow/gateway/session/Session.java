package io.reflow.gateway.session;

import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.fault.GatewayException.NotFound;
import io.reflow.gateway.fault.GatewayException.Overloaded;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.LogLevel;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// What requests of a client are part of. In the `initialize` era that is the MCP session: it
/// belongs to one user, and to the path it began on; role and groups are those it was opened with.
/// In the stateless era it is nothing but the one request, and lasts as long.
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
  private final Set<Session> calls;
  private final Map<RawJson, InFlight> inFlight = new ConcurrentHashMap<>();
  private volatile @Nullable Conversation conversation;
  private volatile boolean over;
  private final InstantSource clock;
  private volatile Instant lastUsed;
  private volatile Optional<LogLevel> logLevel;

  /// @param userInFlight counts the requests under way in all sessions of the owner
  /// @param calls where a stateless one is to be seen while its request is under way
  Session(
      SessionId id,
      Identity owner,
      ProtocolVersion version,
      Client client,
      ClientCapabilities capabilities,
      Optional<LogLevel> logLevel,
      Optional<String> target,
      AtomicInteger userInFlight,
      Set<Session> calls,
      Instant openedAt,
      InstantSource clock) {
    this.id = id;
    this.digest = id.digest();
    this.owner = owner;
    this.version = version;
    this.client = client;
    this.capabilities = capabilities;
    this.target = target;
    this.logLevel = logLevel;
    this.userInFlight = userInFlight;
    this.calls = calls;
    this.clock = clock;
    this.openedAt = openedAt;
    this.lastUsed = clock.instant();
  }

  /// What the client calls itself.
  public record Client(String name, String version) {

    public static final Client UNKNOWN = new Client("unknown", "");

    private static final int LONGEST = 128;

    /// Reads an `Implementation`; what is too long is cut.
    public static Client of(JsonObject info) {
      return new Client(
          shortened(info.text("name").orElse(UNKNOWN.name)),
          shortened(info.text("version").orElse(UNKNOWN.version)));
    }

    private static String shortened(String text) {
      return text.length() <= LONGEST ? text : text.substring(0, LONGEST);
    }

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

  /// Log messages below this level are not wanted; none are, where it is empty.
  public Optional<LogLevel> logLevel() {
    return logLevel;
  }

  public void logLevel(LogLevel level) {
    this.logLevel = Optional.of(level);
  }

  /// Whether it is no more than one request.
  public boolean stateless() {
    return version.stateless();
  }

  /// What is said beside requests and their plain answers.
  public Conversation conversation() {
    Conversation begun = conversation;
    return begun == null ? beginConversation() : begun;
  }

  private synchronized Conversation beginConversation() {
    if (conversation == null) {
      conversation = Conversation.begin(clock);
      endConversationIfOver();
    }
    return conversation;
  }

  /// The URIs that the client has subscribed to.
  Set<String> subscriptions() {
    Conversation begun = conversation;
    return begun == null ? Set.of() : begun.feeds().subscriptions();
  }

  /// Makes it a session of a connection that was open before.
  synchronized void speakIn(Conversation opened) {
    conversation = opened;
    endConversationIfOver();
  }

  private synchronized void endConversationIfOver() {
    if (over && conversation != null) {
      conversation.end();
    }
  }

  /// A stream of the client has ended: what was followed for it no longer is, unless there is
  /// another.
  public void leave() {
    Conversation begun = conversation;
    if (begun != null && !begun.streams().general().connected()) {
      begun.feeds().closeLists();
    }
    touch();
  }

  /// Whether a request is under way, or the client keeps a stream open.
  boolean inUse() {
    Conversation begun = conversation;
    return !inFlight.isEmpty() || (begun != null && begun.streams().general().connected());
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
    if (stateless()) {
      calls.add(this);
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
      if (stateless()) {
        calls.remove(this);
      }
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
    endConversationIfOver();
  }

  /// Whether it may go on for who its caller has become.
  boolean holdsFor(Identity now) {
    return stateless() || matches(now);
  }

  /// Whether the caller still is who opened it: the same user with the same role and groups.
  boolean matches(Identity caller) {
    return owner.sameRights(caller);
  }
}
