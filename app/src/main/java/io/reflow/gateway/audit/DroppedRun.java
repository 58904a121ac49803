package io.reflow.gateway.audit;

import io.reflow.gateway.audit.ChainKeys.Kind;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.UUID;

/// What retention has taken away: rows of a chain, from a first place to a last, whose seal is
/// kept; or, without a replica, checkpoints.
record DroppedRun(Optional<UUID> replica, long first, ChainHead last, ChainSeal seal) {

  static DroppedRun sign(ChainKeys keys, Optional<UUID> replica, long first, ChainHead last) {
    return new DroppedRun(
        replica,
        first,
        last,
        new ChainSeal(keys.seal(Kind.DROPPED, content(replica, first, last))));
  }

  boolean sound(ChainKeys keys) {
    return keys.holds(Kind.DROPPED, content(replica, first, last), seal.bytes());
  }

  private static byte[] content(Optional<UUID> replica, long first, ChainHead last) {
    ByteBuffer content = ByteBuffer.allocate(4 * Long.BYTES + ChainKeys.SEAL_BYTES);
    ChainKeys.put(content, replica.orElse(null))
        .putLong(first)
        .putLong(last.position())
        .put(last.mac());
    return content.array();
  }
}
