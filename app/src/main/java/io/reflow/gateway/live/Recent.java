package io.reflow.gateway.live;

import io.reflow.gateway.audit.AuditOutcome;
import io.reflow.gateway.audit.StoredEntry;
import io.reflow.gateway.session.Session;
import java.time.Instant;
import java.time.InstantSource;

/// What has happened lately at this replica, in bounded memory. Calls leave a reference here and go
/// on: nobody who watches can hold them up.
public final class Recent {

  private static final int CALLS = 256;
  private static final int ERRORS = 256;
  private static final int SESSIONS = 1024;

  private final Ring<StoredEntry> calls = new Ring<>(CALLS);
  private final Ring<StoredEntry> errors = new Ring<>(ERRORS);
  private final Ring<SessionEvent> sessions = new Ring<>(SESSIONS);
  private final InstantSource clock;

  public Recent(InstantSource clock) {
    this.clock = clock;
  }

  /// A session that was opened or has ended.
  record SessionEvent(Instant time, String event, Session session) {}

  /// A call has its answer.
  public void answered(StoredEntry entry) {
    calls.add(entry);
    if (entry.outcome() == AuditOutcome.DENIED || entry.outcome() == AuditOutcome.FAILED) {
      errors.add(entry);
    }
  }

  public void opened(Session session) {
    sessions.add(new SessionEvent(clock.instant(), "opened", session));
  }

  public void ended(Session session) {
    sessions.add(new SessionEvent(clock.instant(), "ended", session));
  }

  /// All answered calls.
  Ring<StoredEntry> calls() {
    return calls;
  }

  /// Those that were denied or have failed: a flood of others does not wash them away.
  Ring<StoredEntry> errors() {
    return errors;
  }

  Ring<SessionEvent> sessions() {
    return sessions;
  }
}
