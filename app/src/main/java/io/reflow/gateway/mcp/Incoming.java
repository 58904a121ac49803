package io.reflow.gateway.mcp;

import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.replica.Leases.Lease;
import io.reflow.gateway.replica.Replica;
import java.io.OutputStream;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/// An HTTP request to the endpoint, before anything of it is believed.
///
/// @param bearerToken throws when the header is not what it must be
/// @param headers finds what is not asked of every message
/// @param target the one target of `/mcp/{target}`
/// @param body read only once the caller is known
/// @param events where what belongs to the message goes if it is of a session
record Incoming(
    Verb verb,
    Supplier<Optional<String>> bearerToken,
    Optional<String> sessionId,
    Optional<String> protocolVersion,
    Headers headers,
    Optional<String> target,
    Body body,
    ClientStream stream,
    SessionStream events,
    Carrier carrier) {

  /// A message alone in the body of a POST.
  static final Carrier ALONE = new Carrier(Optional.empty(), false, false, () -> {});

  /// The same, from another replica.
  static final Carrier PASSED_ON = new Carrier(Optional.empty(), false, true, () -> {});

  /// What brought a message.
  ///
  /// @param connection of the oldest transport, whose stream takes the answer
  /// @param batched whether others came with it
  /// @param passedOn whether another replica did, so that it goes no further
  /// @param taken runs as soon as the answer will go to the connection's stream
  record Carrier(Optional<String> connection, boolean batched, boolean passedOn, Runnable taken) {}

  /// One message of a batch that came like this.
  Incoming element(RawJson message, SessionStream itsStream) {
    return new Incoming(
        verb,
        bearerToken,
        sessionId,
        protocolVersion,
        headers,
        target,
        message::toBytes,
        stream,
        itsStream,
        new Carrier(carrier.connection(), true, carrier.passedOn(), () -> {}));
  }

  /// A message that the gateway sends itself for the client that came with this.
  Incoming posting(RawJson message) {
    return new Incoming(
        Verb.MESSAGE,
        bearerToken,
        sessionId,
        protocolVersion,
        headers,
        target,
        message::toBytes,
        stream,
        SessionStream.ofAnswer(false, OutputStream::nullOutputStream),
        ALONE);
  }

  /// What the HTTP method asks for.
  enum Verb {
    MESSAGE,
    CLOSE,
    LISTEN,
    CONNECT
  }

  /// The other headers of the request, whatever their case.
  @FunctionalInterface
  interface Headers {

    /// The value without blanks around it; of a header that came several times all of them, which
    /// then equals no value that anybody expects.
    Optional<String> find(String name);

    /// All whose names begin like this.
    default Map<String, String> beginningWith(String prefix) {
      return Map.of();
    }
  }

  /// The body, read on demand and once.
  @FunctionalInterface
  interface Body {

    /// Reads all of it, within the limits for size and time.
    ///
    /// @throws Unreadable when it does not arrive, or is of a kind that is not read
    byte[] read();
  }

  /// The message is for another replica, which will do everything anew.
  static final class Elsewhere extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient Replica replica;
    private final transient byte[] body;
    private final transient Optional<Lease> lease;
    private final boolean patient;

    /// @param lease that the other has, if it is for that
    /// @param patient whether someone else can do it once the other is dead
    Elsewhere(Replica replica, byte[] body, Optional<Lease> lease, boolean patient) {
      super("the message is for another replica", null, false, false);
      this.replica = replica;
      this.body = body;
      this.lease = lease;
      this.patient = patient;
    }

    Replica replica() {
      return replica;
    }

    byte[] body() {
      return body;
    }

    boolean patient() {
      return patient;
    }

    Optional<Lease> lease() {
      return lease;
    }
  }

  /// The body could not be read; the cause is the HTTP layer's own, to be answered there.
  static final class Unreadable extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final RuntimeException failure;

    Unreadable(RuntimeException failure) {
      super(failure);
      this.failure = failure;
    }

    RuntimeException failure() {
      return failure;
    }

    String why() {
      return "the body could not be read: " + failure.getMessage();
    }
  }
}
