package io.reflow.gateway.session;

import io.reflow.gateway.replica.Replica;

/// Where a session is in memory.
public sealed interface Home {

  /// Here, or nowhere yet, or there is no such session: this replica answers.
  record Here() implements Home {}

  /// At another replica, which lives as far as is known.
  record At(Replica replica) implements Home {}

  /// At one that is silent, and not yet for long enough to count as dead.
  record Silent() implements Home {}
}
