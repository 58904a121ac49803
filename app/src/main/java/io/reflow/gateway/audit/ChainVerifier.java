package io.reflow.gateway.audit;

import io.reflow.gateway.audit.ChainStore.Extent;
import io.reflow.gateway.database.Database;
import io.reflow.gateway.fault.GatewayException.Overloaded;
import io.reflow.gateway.fault.GatewayException.Unavailable;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

/// Proves that the rows of a time are as they were written: none is changed, removed or added, at
/// the end neither.
///
/// A time begins and ends with a checkpoint, so it is about when rows were recorded. Rows whose
/// call began in it, but which were recorded later, are looked at too. Where a chain must have come
/// to is known from the checkpoints, from what is written with the rows, and from what this gateway
/// remembers outside the database.
public final class ChainVerifier {

  private static final Duration LONGEST = Duration.ofMinutes(10);
  private static final Duration RETRY_AFTER = Duration.ofSeconds(30);

  private final Database database;
  private final ChainKeys keys;
  private final Anchors anchors;
  private final UUID own;
  private final Supplier<ChainHead> shipped;
  private final Semaphore one = new Semaphore(1);

  /// @param own the chain of this gateway, and what it knows to have shipped of it
  ChainVerifier(
      Database database, ChainKeys keys, Anchors anchors, UUID own, Supplier<ChainHead> shipped) {
    this.database = database;
    this.keys = keys;
    this.anchors = anchors;
    this.own = own;
    this.shipped = shipped;
  }

  /// @param exported a checkpoint as somebody has kept it elsewhere, which must still hold
  /// @throws Overloaded while another verification is under way
  Verdict verify(Optional<Instant> from, Optional<Instant> to, Optional<CheckpointId> exported) {
    if (!one.tryAcquire()) {
      throw new Overloaded("another verification is under way; try again later", RETRY_AFTER);
    }
    try {
      // Known before the database is looked at: later rows may be there or not.
      ChainHead known = shipped.get();
      Optional<CheckpointId> seen = anchors.checkpoint();
      return ChainStore.atOnce(
          database, store -> new Verification(store, from, to, known).verdict(seen, exported));
    } finally {
      one.release();
    }
  }

  /// One look at everything.
  private final class Verification {

    private final ChainStore store;
    private final Optional<Instant> from;
    private final Optional<Instant> to;
    private final Faults faults = new Faults();
    private final long deadline = System.nanoTime() + LONGEST.toNanos();
    private final CheckpointTrail trail;
    private final Map<UUID, Long> ends = new HashMap<>();

    Verification(ChainStore store, Optional<Instant> from, Optional<Instant> to, ChainHead known) {
      this.store = store;
      this.from = from;
      this.to = to;
      this.trail = new CheckpointTrail(keys, faults, from, to);
      endsAtLeast(own, known);
    }

    Verdict verdict(Optional<CheckpointId> seen, Optional<CheckpointId> exported) {
      var dropped = DroppedRuns.of(store.dropped(), keys, faults);
      exported.ifPresent(trail::claim);
      seen.filter(each -> each.number() > dropped.checkpoints().number()).ifPresent(trail::claim);
      trail.read(store, dropped.checkpoints(), this::bePatient);
      trail.ends().forEach(this::endsAtLeast);
      store.heads().forEach(this::endsAtLeast);
      Map<UUID, Extent> extents = new HashMap<>();
      store.extents(from, to).forEach(extent -> extents.put(extent.replica(), extent));
      Set<UUID> replicas = new TreeSet<>(ends.keySet());
      replicas.addAll(extents.keySet());
      List<Verdict.Part> parts = new ArrayList<>();
      for (UUID replica : replicas) {
        Extent extent =
            extents.getOrDefault(replica, new Extent(replica, 0, 0, 0, Optional.empty()));
        if (extent.unchained() > 0) {
          faults.unchained(replica, extent.unchained(), extent.since());
        }
        part(extent, dropped).ifPresent(parts::add);
      }
      long rows = parts.stream().mapToLong(Verdict.Part::rows).sum();
      return new Verdict(rows, parts, trail.newest(), faults.first(), faults.count());
    }

    private Optional<Verdict.Part> part(Extent extent, DroppedRuns dropped) {
      UUID replica = extent.replica();
      long end = ends.getOrDefault(replica, 0L);
      long behind = trail.begin(replica);
      if (extent.first() > 0) {
        behind = Math.min(behind, extent.first() - 1);
      }
      long to = Math.max(trail.end(replica).orElse(end), extent.last());
      if (to <= behind) {
        return Optional.empty();
      }
      var walk =
          new ChainWalk(
              store, keys, dropped, faults, this::bePatient, replica, trail.marks(replica));
      long rows = walk.walk(behind, to, end);
      return Optional.of(new Verdict.Part(replica, behind + 1, Math.min(to, end), rows));
    }

    private void endsAtLeast(UUID replica, ChainHead head) {
      if (head.position() > 0) {
        var _ = ends.merge(replica, head.position(), Math::max);
      }
    }

    private void bePatient() {
      if (System.nanoTime() - deadline > 0) {
        throw new Unavailable(
            "the verification takes longer than %d minutes: ask for a shorter time with 'from'"
                    .formatted(LONGEST.toMinutes())
                + " and 'to'",
            RETRY_AFTER);
      }
    }
  }
}
