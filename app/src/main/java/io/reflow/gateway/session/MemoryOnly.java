package io.reflow.gateway.session;

import io.reflow.gateway.identity.UserId;
import java.util.Optional;

/// Keeps nothing.
record MemoryOnly() implements SessionRecords {

  @Override
  public SessionId newId() {
    return SessionId.next();
  }

  @Override
  public void opened(Session session) {
    // Nothing outlives the process.
  }

  @Override
  public void ended(Session session) {
    // Nothing was recorded.
  }

  @Override
  public Optional<SessionRecord> claim(String id, UserId user, Optional<String> target) {
    return Optional.empty();
  }
}
