package io.reflow.gateway.audit;

import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// All checkpoints in order: whether each is what was signed and none is gone, and where the chains
/// were at the ends of a time.
final class CheckpointTrail {

  private static final int AT_ONCE = 500;

  private final ChainKeys keys;
  private final Faults faults;
  private final Optional<Instant> from;
  private final Optional<Instant> to;
  private final Map<Long, CheckpointId> claims = new HashMap<>();

  private final Map<UUID, ChainHead> begins = new HashMap<>();
  private final Map<UUID, ChainHead> ends = new HashMap<>();
  private final Map<UUID, Map<Long, byte[]>> marks = new HashMap<>();
  private @Nullable Map<UUID, ChainHead> endsAt;
  private Optional<Checkpoint> newest = Optional.empty();

  CheckpointTrail(ChainKeys keys, Faults faults, Optional<Instant> from, Optional<Instant> to) {
    this.keys = keys;
    this.faults = faults;
    this.from = from;
    this.to = to;
  }

  /// Somebody says that there is this checkpoint.
  void claim(CheckpointId claimed) {
    CheckpointId other = claims.putIfAbsent(claimed.number(), claimed);
    if (other != null && !other.equals(claimed)) {
      faults.checkpoint(claimed.number(), claimed.number(), "the gateway knows another one");
    }
  }

  /// @param dropped the last one that retention has taken
  void read(ChainStore store, CheckpointId dropped, Runnable patience) {
    CheckpointId before = dropped;
    List<Checkpoint> page;
    do {
      patience.run();
      page = store.checkpoints(newest.map(each -> each.id().number()).orElse(0L), AT_ONCE);
      for (Checkpoint checkpoint : page) {
        take(checkpoint, before);
        before = checkpoint.id();
      }
    } while (page.size() == AT_ONCE);
    for (CheckpointId claimed : claims.values()) {
      String text =
          claimed.number() <= dropped.number()
              ? "retention has taken it"
              : "it is not there any more";
      faults.checkpoint(claimed.number(), claimed.number(), text);
    }
    marks.clear();
    ends.forEach(this::mark);
    begins.forEach(this::mark);
    if (endsAt != null) {
      endsAt.forEach(this::mark);
    }
  }

  private void take(Checkpoint checkpoint, CheckpointId before) {
    long number = checkpoint.id().number();
    if (number != before.number() + 1) {
      faults.checkpoint(before.number() + 1, number - 1, "checkpoints are not there any more");
    } else if (!checkpoint.sound(keys, before.signature())) {
      faults.checkpoint(number, number, "it is not what was signed");
    }
    CheckpointId claimed = claims.remove(number);
    if (claimed != null && !Arrays.equals(claimed.signature(), checkpoint.id().signature())) {
      faults.checkpoint(number, number, "it is not the one that was exported");
    }
    if (endsAt == null && to.isPresent() && !checkpoint.time().isBefore(to.get())) {
      checkpoint.ends().forEach(end -> ends.put(end.replica(), end.head()));
      endsAt = new HashMap<>(ends);
    }
    for (Checkpoint.End end : checkpoint.ends()) {
      ends.put(end.replica(), end.head());
      if (from.isPresent() && !checkpoint.time().isAfter(from.get())) {
        begins.put(end.replica(), end.head());
      }
    }
    newest = Optional.of(checkpoint);
  }

  private void mark(UUID replica, ChainHead head) {
    var _ = marks(replica).put(head.position(), head.mac());
  }

  /// The newest there is.
  Optional<Checkpoint> newest() {
    return newest;
  }

  /// The seals that rows must have.
  Map<Long, byte[]> marks(UUID replica) {
    return marks.computeIfAbsent(replica, _ -> new HashMap<>());
  }

  /// Where all chains were at the newest checkpoint.
  Map<UUID, ChainHead> ends() {
    return ends;
  }

  /// Where a chain was when the time began.
  long begin(UUID replica) {
    return begins.getOrDefault(replica, ChainHead.NONE).position();
  }

  /// Where a chain was when the time was over; empty when it is not over.
  Optional<Long> end(UUID replica) {
    return Optional.ofNullable(endsAt)
        .map(over -> over.getOrDefault(replica, ChainHead.NONE).position());
  }
}
