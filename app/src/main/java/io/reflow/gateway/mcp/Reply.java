package io.reflow.gateway.mcp;

import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.EventStream.Reading;
import io.reflow.gateway.session.OpenStreams;
import io.reflow.gateway.session.Session;
import io.reflow.gateway.session.SessionId;
import io.reflow.gateway.session.SseConnection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What the client gets.
sealed interface Reply {

  /// Lets go of what a reply holds that is not sent after all.
  default void discard() {}

  /// The message that ends it, if there is one.
  default Optional<RawJson> lastMessage() {
    return switch (this) {
      case Answer(var message, var _) -> Optional.of(message);
      case Refusal refusal -> Optional.of(refusal.message());
      case Accepted(), Closed(), Withdrawn(), Events _, Connected _, Batched _ -> Optional.empty();
    };
  }

  /// A whole JSON-RPC response.
  record Answer(RawJson message, Optional<SessionId> opened) implements Reply {}

  /// A JSON-RPC error, with the HTTP status and headers that go with it.
  record Refusal(int status, Map<String, String> headers, RawJson message) implements Reply {}

  /// Nothing to say: a notification or an answer of the client was taken in.
  record Accepted() implements Reply {}

  /// The session is over, as the client wished.
  record Closed() implements Reply {}

  /// A stream of the session, to be written until it ends.
  record Events(Session session, Reading reading, OpenStreams.Entry entry) implements Reply {

    @Override
    public void discard() {
      entry.close();
      reading.close();
    }
  }

  /// A connection of the oldest transport, to be written until it ends.
  record Connected(SseConnection connection, Reading reading, OpenStreams.Entry entry)
      implements Reply {

    @Override
    public void discard() {
      entry.close();
      reading.close();
    }
  }

  /// Several messages, each to be handled and answered by itself.
  record Batched(Session session, List<RawJson> messages) implements Reply {}

  /// The client has taken the request back: there is no answer.
  record Withdrawn() implements Reply {}
}
