package io.reflow.gateway.audit;

import io.reflow.gateway.config.AuditConfig;
import io.reflow.gateway.database.Database;
import io.reflow.gateway.fault.GatewayException.Unavailable;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Looks after the audit log in the background: signs where the chains are, again and again, and
/// lets [Retention] take what is old enough. Of several replicas one does it at a time.
///
/// A checkpoint goes to the gateway's log, and so out of reach of whoever can write to the
/// database. Without new rows there is none.
final class AuditKeeper implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(AuditKeeper.class);
  private static final Duration LAST_WORK = Duration.ofSeconds(3);

  private final Database database;
  private final ChainKeys keys;
  private final Anchors anchors;
  private final UUID replica;
  private final Duration interval;
  private final Retention retention;
  private final InstantSource clock;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread thread =
      Thread.ofPlatform().daemon().name("audit-keeper").unstarted(this::run);

  AuditKeeper(
      Database database,
      ChainKeys keys,
      Anchors anchors,
      UUID replica,
      AuditConfig config,
      InstantSource clock) {
    this.database = database;
    this.keys = keys;
    this.anchors = anchors;
    this.replica = replica;
    this.interval = config.checkpointInterval();
    this.retention = new Retention(database, keys, config.retention(), clock);
    this.clock = clock;
  }

  void start() {
    thread.start();
  }

  /// Signs where the chains are now, if there is time for it.
  @Override
  public void close() {
    closing.countDown();
    try {
      if (!thread.join(LAST_WORK)) {
        thread.interrupt();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      while (!closing.await(interval.toMillis(), TimeUnit.MILLISECONDS)) {
        attempt(() -> checkpoint(false));
        attempt(this::retain);
      }
      attempt(() -> checkpoint(true));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private static void attempt(Runnable work) {
    try {
      work.run();
    } catch (Unavailable e) {
      LOG.atDebug().setCause(e).log("The audit log is looked after when the database is back");
    } catch (RuntimeException e) {
      LOG.atWarn().setCause(e).log("The audit log could not be looked after; it is tried again");
    }
  }

  private void retain() {
    if (retention.due()) {
      checkpoint(true);
      retention.run();
    }
  }

  /// Signs where all chains are, unless that was done a short while ago or nothing has moved.
  ///
  /// @param young also when the last one is young
  void checkpoint(boolean young) {
    Optional<Checkpoint> made =
        KeepStore.alone(database, "checkpoint", store -> next(store, young))
            .flatMap(checkpoint -> checkpoint);
    made.ifPresent(checkpoint -> {
      anchors.save(checkpoint.id());
      LOG.atInfo()
          .addKeyValue("checkpoint", checkpoint.id().text())
          .addKeyValue("chains", checkpoint.ends().size())
          .log("Audit checkpoint");
    });
  }

  private Optional<Checkpoint> next(KeepStore store, boolean young) {
    Instant now = clock.instant();
    Optional<Checkpoint> newest = newest(store);
    if (!young && newest.isPresent() && isYoung(newest.get(), now)) {
      return Optional.empty();
    }
    List<Checkpoint.End> ends = ends(store);
    if (ends.isEmpty()) {
      return Optional.empty();
    }
    CheckpointId before = newest.map(Checkpoint::id).orElse(Checkpoint.NONE);
    // Should the newest ones have been removed, their numbers stay free.
    long number =
        1 + Math.max(before.number(), anchors.checkpoint().map(CheckpointId::number).orElse(0L));
    var checkpoint = Checkpoint.sign(keys, number, before, now, replica, ends);
    store.add(checkpoint);
    return Optional.of(checkpoint);
  }

  /// Whichever way the clock has jumped.
  private boolean isYoung(Checkpoint checkpoint, Instant now) {
    Duration age = Duration.between(checkpoint.time(), now).abs();
    return age.compareTo(interval.multipliedBy(3).dividedBy(4)) < 0;
  }

  private Optional<Checkpoint> newest(KeepStore store) {
    List<Checkpoint> last = store.newest();
    if (last.isEmpty()) {
      return Optional.empty();
    }
    Checkpoint newest = last.getLast();
    long remembered = anchors.checkpoint().map(CheckpointId::number).orElse(0L);
    CheckpointId before = last.size() == 2 ? last.getFirst().id() : Checkpoint.NONE;
    if (newest.id().number() > remembered
        && newest.id().number() == before.number() + 1
        && newest.sound(keys, before.signature())) {
      // Another replica has made it.
      anchors.save(newest.id());
    }
    return Optional.of(newest);
  }

  private static List<Checkpoint.End> ends(KeepStore store) {
    List<Checkpoint.End> ends = new ArrayList<>();
    for (KeepStore.Moved chain : store.moved()) {
      if (chain.before() > chain.end().head().position()) {
        LOG.atError()
            .addKeyValue("chain", chain.end().replica())
            .addKeyValue("expected", chain.before())
            .addKeyValue("found", chain.end().head().position())
            .log("A chain of audit rows is shorter than it was");
      } else {
        ends.add(chain.end());
      }
    }
    return ends;
  }
}
