package io.reflow.gateway.upstream.stateless;

import io.reflow.gateway.protocol.Message;

/// Hears of one `subscriptions/listen`. Called by reader threads: must not block.
public interface Subscriber {

  /// A notification that belongs to it; the first one acknowledges it.
  void notification(Message.Notification notification);

  /// Nothing more comes. Called once.
  void ended(End end);

  /// Why it ended.
  enum End {
    /// The target does not have such a thing.
    UNSUPPORTED,
    /// The stream or the connection is over; another may be had.
    OVER
  }
}
