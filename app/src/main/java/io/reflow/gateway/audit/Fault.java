package io.reflow.gateway.audit;

import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/// Something that is not as it was written.
///
/// @param first the place in the chain, or the number of the checkpoint, that it begins with
/// @param last the same as the first where it concerns just one
/// @param time of the row, where it has one
record Fault(
    Kind kind, Optional<UUID> replica, long first, long last, Optional<Instant> time, String text) {

  enum Kind {
    /// A row is not what was sealed, or not in its place.
    CHANGED("changed"),
    /// Rows are gone that retention has not taken.
    MISSING("missing"),
    /// A row stands where no row was written.
    INSERTED("inserted"),
    /// Rows that no chain has: nothing vouches for them.
    UNCHAINED("unchained"),
    /// The key that sealed a row is not configured.
    UNKNOWN_KEY("unknown_key"),
    /// Checkpoints are gone or not what was signed.
    CHECKPOINT("checkpoint"),
    /// A note of what retention has taken is not what was signed.
    RETENTION("retention");

    private final String wireName;

    Kind(String wireName) {
      this.wireName = wireName;
    }

    String wireName() {
      return wireName;
    }
  }
}
