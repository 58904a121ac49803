package io.reflow.gateway.audit;

import io.reflow.gateway.audit.ChainKeys.Kind;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;

/// The ends of all chains at a moment, signed: those that have moved since the checkpoint before,
/// whose signature this one covers.
record Checkpoint(CheckpointId id, Instant time, UUID replica, List<End> ends) {

  /// Before the first.
  static final CheckpointId NONE = new CheckpointId(0, ChainSeal.NONE);

  /// The end of one chain.
  record End(UUID replica, ChainHead head) {}

  Checkpoint {
    time = time.truncatedTo(ChronoUnit.MICROS);
    ends = sorted(ends);
  }

  /// @param replica which makes it
  static Checkpoint sign(
      ChainKeys keys,
      long number,
      CheckpointId before,
      Instant time,
      UUID replica,
      List<End> ends) {
    Instant signed = time.truncatedTo(ChronoUnit.MICROS);
    byte[] signature =
        keys.seal(
            Kind.CHECKPOINT, content(number, before.signature(), signed, replica, sorted(ends)));
    return new Checkpoint(new CheckpointId(number, signature), signed, replica, ends);
  }

  /// Whether it says what was signed.
  boolean sound(ChainKeys keys, byte[] before) {
    return keys.holds(
        Kind.CHECKPOINT, content(id.number(), before, time, replica, ends), id.signature());
  }

  private static byte[] content(
      long number, byte[] before, Instant time, UUID replica, List<End> ends) {
    int each = 3 * Long.BYTES + ChainKeys.SEAL_BYTES;
    ByteBuffer content =
        ByteBuffer.allocate(4 * Long.BYTES + Integer.BYTES + before.length + ends.size() * each);
    content.putLong(number).putLong(ChronoUnit.MICROS.between(Instant.EPOCH, time));
    ChainKeys.put(content, replica).put(before).putInt(ends.size());
    for (End end : ends) {
      ChainKeys.put(content, end.replica()).putLong(end.head().position()).put(end.head().mac());
    }
    return content.array();
  }

  private static List<End> sorted(List<End> ends) {
    return ends.stream().sorted(Comparator.comparing(End::replica)).toList();
  }
}
