package io.reflow.gateway.session;

import io.reflow.gateway.identity.Identity;
import java.util.Optional;

/// A client on the transport of 2024-11-05: all that it is sent goes over one stream, and the
/// session that it opens there ends with it.
public final class SseConnection {

  private final String id;
  private final Identity owner;
  private final Optional<String> target;
  private final Conversation conversation;
  private volatile Optional<Session> session = Optional.empty();

  SseConnection(String id, Identity owner, Optional<String> target, Conversation conversation) {
    this.id = id;
    this.owner = owner;
    this.target = target;
    this.conversation = conversation;
  }

  /// Where the client posts its messages to says this; it is no proof of identity.
  public String id() {
    return id;
  }

  Identity owner() {
    return owner;
  }

  /// The one target of a connection on a path of its own.
  public Optional<String> target() {
    return target;
  }

  /// The one stream.
  public EventStream stream() {
    return conversation.streams().general();
  }

  /// The session that the client has opened here.
  public Optional<Session> session() {
    return session;
  }

  /// Lets a session that was just opened speak over this connection.
  void carry(Session opened) {
    opened.speakIn(conversation);
    session = Optional.of(opened);
  }
}
