package io.reflow.gateway.audit;

import io.reflow.gateway.database.Database;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Takes away the months of the audit log whose rows are all older than is to be kept.
///
/// Before rows go they are verified, and what is as it was written is noted and signed: so the gap
/// in the chains can be told from one that somebody else has made.
final class Retention {

  private static final Logger LOG = LoggerFactory.getLogger(Retention.class);
  private static final Duration PAUSE = Duration.ofHours(1);

  private final Database database;
  private final ChainKeys keys;
  private final Duration keep;
  private final InstantSource clock;
  private @Nullable Instant lastRun;

  /// @param keep zero is for ever
  Retention(Database database, ChainKeys keys, Duration keep, InstantSource clock) {
    this.database = database;
    this.keys = keys;
    this.keep = keep;
    this.clock = clock;
  }

  /// Whether it is time to look for something to take.
  boolean due() {
    Instant last = lastRun;
    return !keep.isZero()
        && (last == null || Duration.between(last, clock.instant()).abs().compareTo(PAUSE) >= 0);
  }

  void run() {
    Instant now = clock.instant();
    Instant before = firstOfMonth(now.minus(keep));
    Optional<Boolean> _ = KeepStore.alone(database, "retention", store -> take(store, before));
    lastRun = now;
  }

  private static Instant firstOfMonth(Instant moment) {
    LocalDate day = LocalDate.ofInstant(moment, ZoneOffset.UTC);
    return day.withDayOfMonth(1).atStartOfDay(ZoneOffset.UTC).toInstant();
  }

  private boolean take(KeepStore store, Instant before) {
    List<String> months = store.monthsBefore(before);
    if (!months.isEmpty() || store.anyByDefaultBefore(before)) {
      takeRows(store, months, before);
    }
    store
        .lastCheckpointBefore(before)
        .ifPresent(last -> {
          var head = new ChainHead(last.number(), last.signature());
          store.note(Optional.empty(), List.of(DroppedRun.sign(keys, Optional.empty(), 1, head)));
          store.dropCheckpoints(last);
        });
    return true;
  }

  private void takeRows(KeepStore store, List<String> months, Instant before) {
    var faults = new Faults();
    ChainStore chains = store.chains();
    var dropped = DroppedRuns.of(chains.dropped(), keys, faults);
    long rows = 0;
    for (ChainStore.Extent extent : chains.extents(Optional.empty(), Optional.of(before))) {
      UUID replica = extent.replica();
      if (extent.last() > 0) {
        var taken = new Taken(before);
        var walk = new ChainWalk(chains, keys, dropped, faults, () -> {}, replica, Map.of());
        rows += walk.tell(taken::add).walk(extent.first() - 1, extent.last(), extent.last());
        store.note(Optional.of(replica), merged(replica, dropped.of(replica), taken.runs()));
      }
    }
    store.dropRows(months, before);
    if (faults.count() > 0) {
      LOG.atError()
          .addKeyValue("faults", faults.count())
          .addKeyValue("first", faults.first().getFirst().text())
          .log("Audit rows that retention has dropped were not as they were written");
    }
    LOG.atInfo()
        .addKeyValue("before", before)
        .addKeyValue("rows", rows)
        .log("Audit rows were dropped at the end of their retention");
  }

  /// Runs that follow each other become one.
  private List<DroppedRun> merged(UUID replica, List<DroppedRun> known, List<Taken.Run> fresh) {
    TreeMap<Long, ChainHead> runs = new TreeMap<>();
    known.forEach(run -> runs.put(run.first(), run.last()));
    fresh.forEach(run -> runs.put(run.first(), run.last()));
    List<DroppedRun> merged = new ArrayList<>();
    long first = 0;
    @Nullable ChainHead last = null;
    for (var run : runs.entrySet()) {
      if (last != null && run.getKey() > last.position() + 1) {
        merged.add(DroppedRun.sign(keys, Optional.of(replica), first, last));
        last = null;
      }
      first = last == null ? run.getKey() : first;
      last = run.getValue();
    }
    if (last != null) {
      merged.add(DroppedRun.sign(keys, Optional.of(replica), first, last));
    }
    return merged;
  }

  /// Gathers the rows of a chain that are to go, as runs.
  private static final class Taken {

    record Run(long first, ChainHead last) {}

    private final Instant before;
    private final List<Run> runs = new ArrayList<>();

    Taken(Instant before) {
      this.before = before;
    }

    void add(ChainRow row, ChainHead head) {
      if (!row.time().isBefore(before)) {
        return;
      }
      Run last = runs.isEmpty() ? null : runs.getLast();
      if (last != null && last.last().position() + 1 == head.position()) {
        runs.set(runs.size() - 1, new Run(last.first(), head));
      } else {
        runs.add(new Run(head.position(), head));
      }
    }

    List<Run> runs() {
      return runs;
    }
  }
}
