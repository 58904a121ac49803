package io.reflow.gateway.audit;

import io.reflow.gateway.config.AuditConfig;
import io.reflow.gateway.fault.GatewayException;
import java.time.Duration;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Brings the journal's answers to PostgreSQL, in order and in batches, and deletes the segments
/// that are through. While the database is away it tries again and again, and the journal grows.
///
/// What an earlier process left comes first: its answers, then its open intents as `interrupted`.
/// Whatever was shipped before a crash is sent once more and stays as it is.
final class Shipper implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Shipper.class);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);
  private static final Duration DRAIN = Duration.ofSeconds(5);

  /// In bytes of the journal.
  private static final int LARGEST_BATCH = 4 << 20;

  private final UUID replica;
  private final Journal journal;
  private final AuditRows rows;
  private final AuditConfig config;
  private final InstantSource clock;
  private final Thread thread;
  private Consumer<List<JournalRow>> copies = _ -> {};
  private final Map<Long, OpenIntent> open = new HashMap<>();
  private final List<JournalRow> read = new ArrayList<>();

  private Segment segment;
  private Segment.Reader reader;
  private @Nullable LocalDate preparedFor;
  private boolean failing;
  private boolean troubled;
  private volatile boolean closing;
  private volatile boolean giveUp;

  /// The moment up to which all is shipped, and the sequence; what was shipped since the start.
  private volatile long shippedUntil = System.nanoTime();

  private volatile long shippedTo;
  private final LongAdder shipped = new LongAdder();

  /// A call that is under way: where its intent stands, or the newest copy of it, and so the
  /// segment that has to stay for it. It is read only in the rare case that it is needed: the
  /// outcome repeats it.
  private record OpenIntent(long sequence, Segment where) {

    AuditIntent read() {
      RecordBytes record = where.found(sequence);
      if (record.kind() == RecordBytes.Kind.CARRIED) {
        long _ = record.takeLong();
      }
      return AuditRecords.readIntent(record);
    }
  }

  Shipper(UUID replica, Journal journal, AuditRows rows, AuditConfig config, InstantSource clock) {
    this.replica = replica;
    this.journal = journal;
    this.rows = rows;
    this.config = config;
    this.clock = clock;
    this.segment = journal.first();
    this.reader = segment.new Reader();
    this.shippedTo = reader.upcoming();
    this.thread = Thread.ofPlatform().daemon().name("audit-shipper").unstarted(this::run);
  }

  /// @param copied gets the rows that the database has
  void start(Consumer<List<JournalRow>> copied) {
    copies = copied;
    thread.start();
  }

  /// Ships what there is, but does not wait long for a database that is away: what is left is
  /// shipped by the next start.
  @Override
  public void close() {
    closing = true;
    wake();
    try {
      if (!thread.join(DRAIN)) {
        stop();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// Ends without shipping what is left.
  void stop() {
    giveUp = true;
    thread.interrupt();
    try {
      thread.join();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// How the journal is doing; may be asked by anybody.
  JournalState state() {
    long backlog = Math.max(0, Segment.bytesBetween(shippedTo, journal.upcoming()));
    Duration lag =
        backlog == 0 ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - shippedUntil);
    return new JournalState(
        lag, backlog, shipped.sum(), journal.used(), journal.limit(), journal.exhausted());
  }

  private void run() {
    boolean over = false;
    while (!giveUp && !over) {
      over = round(closing);
      if (!over) {
        pause(troubled ? LONGEST_PAUSE : config.shipInterval());
      }
    }
  }

  /// Whatever goes wrong, the next round goes on behind it: one record that can't be read must not
  /// keep back all that come after it.
  ///
  /// @return whether it was the last one
  private boolean round(boolean last) {
    try {
      prepareMonths();
      boolean all = shipAll();
      troubled = false;
      if (last && all) {
        interruptOpen();
        return true;
      }
    } catch (RuntimeException e) {
      if (!troubled) {
        LOG.atError().setCause(e).log("A part of the audit log can't be shipped, going on");
      }
      troubled = true;
    }
    return false;
  }

  /// Ships all that is written by now; false when it has to give up.
  private boolean shipAll() {
    while (!giveUp) {
      long now = System.nanoTime();
      boolean more = readBatch();
      int size = read.size();
      if (!ship()) {
        return false;
      }
      shipped.add(size);
      shippedTo = reader.upcoming();
      if (!more) {
        shippedUntil = now;
      }
      dropSegments();
      if (!more && atTail()) {
        return true;
      }
    }
    return false;
  }

  private boolean atTail() {
    return journal.after(segment).isEmpty();
  }

  /// Rows that hold bodies make a batch with fewer of them.
  ///
  /// @return whether there may be more to read
  private boolean readBatch() {
    int bytes = 0;
    while (read.size() < config.batchSize() && bytes < LARGEST_BATCH) {
      Optional<RecordBytes> record = reader.next();
      if (record.isPresent()) {
        bytes += record.get().left();
        read(record.get());
      } else if (!reader.atEnd() || !nextSegment()) {
        return false;
      }
    }
    return true;
  }

  private void read(RecordBytes record) {
    switch (record.kind()) {
      case INTENT -> {
        if (!segment.done()) {
          open.put(record.sequence(), new OpenIntent(record.sequence(), segment));
        }
      }
      case CARRIED -> {
        long sequence = record.takeLong();
        if (segment.recovered()) {
          open.put(sequence, new OpenIntent(record.sequence(), segment));
        }
      }
      case OUTCOME -> {
        JournalRow row = JournalRow.read(record);
        open.remove(row.sequence());
        if (!segment.done()) {
          read.add(row);
        }
      }
    }
  }

  private boolean nextSegment() {
    Optional<Segment> next = journal.after(segment);
    if (segment.recovered() && (next.isEmpty() || !next.get().recovered())) {
      // Nothing of this process comes before its first own segment.
      addInterrupted();
    }
    if (next.isEmpty()) {
      return false;
    }
    segment = next.get();
    reader = segment.new Reader();
    return true;
  }

  private void addInterrupted() {
    for (var call : List.copyOf(open.entrySet())) {
      open.remove(call.getKey());
      read.add(JournalRow.of(call.getKey(), AuditEntry.interrupted(call.getValue().read())));
    }
  }

  /// Sends what was read until it is there; false when it has to give up.
  private boolean ship() {
    while (!read.isEmpty()) {
      List<JournalRow> part = read.subList(0, Math.min(read.size(), config.batchSize()));
      Duration pause = config.shipInterval();
      while (!insert(part)) {
        if (giveUp) {
          return false;
        }
        pause(pause);
        pause =
            pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0
                ? pause.multipliedBy(2)
                : LONGEST_PAUSE;
      }
      copies.accept(part);
      part.clear();
    }
    return true;
  }

  private boolean insert(List<JournalRow> part) {
    try {
      rows.insert(replica, part);
      if (failing) {
        LOG.atInfo().log("The audit log is shipped again");
      }
      failing = false;
      return true;
    } catch (GatewayException e) {
      if (!failing) {
        LOG.atWarn().setCause(e).log("The audit log waits for the database");
      }
    } catch (RuntimeException e) {
      if (!failing) {
        LOG.atError().setCause(e).log("The database does not take the audit log, trying again");
      }
    }
    failing = true;
    return false;
  }

  /// A segment goes as soon as it is read and shipped and no open call needs it, even when an older
  /// one has to stay: should the gateway be killed then, the older one's intents may look open, but
  /// their rows are there already.
  private void dropSegments() {
    if (journal.first() == segment) {
      return;
    }
    Set<Segment> needed = new HashSet<>();
    open.values().forEach(call -> needed.add(call.where()));
    for (Segment old : journal.before(segment)) {
      if (!needed.contains(old)) {
        journal.drop(old);
      }
    }
    if (journal.first() != segment && journal.crowded()) {
      carryOpen(journal.first());
    }
  }

  /// Copies what is still open in an old segment to the end of the journal, so that calls that take
  /// long do not fill the journal with segments.
  private void carryOpen(Segment old) {
    for (var call : List.copyOf(open.entrySet())) {
      if (call.getValue().where() == old) {
        OpenIntent carried = call.getValue();
        try {
          long copy = journal.appendAtOnce(AuditRecords.carry(call.getKey(), carried.read()));
          open.put(call.getKey(), new OpenIntent(copy, journal.holding(copy)));
        } catch (GatewayException.Unavailable _) {
          return;
        }
      }
    }
  }

  /// Calls that nobody will answer any more.
  private void interruptOpen() {
    addInterrupted();
    if (ship()) {
      dropSegments();
      segment.markDone();
    }
  }

  private void prepareMonths() {
    LocalDate today = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
    if (today.equals(preparedFor)) {
      return;
    }
    try {
      rows.prepareMonth(today);
      rows.prepareMonth(today.plusMonths(1));
      preparedFor = today;
    } catch (RuntimeException e) {
      LOG.atDebug().setCause(e).log("The audit log's months are prepared later");
    }
  }

  private void wake() {
    LockSupport.unpark(thread);
  }

  private void pause(Duration pause) {
    LockSupport.parkNanos(closing ? Math.min(pause.toNanos(), 50_000_000) : pause.toNanos());
  }
}
