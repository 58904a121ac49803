package io.reflow.gateway.audit;

import io.reflow.gateway.config.AuditConfig;
import io.reflow.gateway.config.AuditConfig.Fsync;
import io.reflow.gateway.fault.GatewayException.Unavailable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The files that every answer is written to before it leaves: a chain of segments, appended to at
/// its end by any thread, read and shortened at its beginning by the [Shipper].
///
/// Sequences grow strictly, over restarts too: the newest segment stays until there is a newer one.
/// The next segment is made in the background, so an append waits for nothing but, once in
/// thousands, the exchange of the current one. The last quarter of the last segment is kept for
/// answers to calls that were let through.
final class Journal implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Journal.class);
  private static final Duration RETRY_AFTER = Duration.ofSeconds(5);
  private static final long LONGEST_WAIT = TimeUnit.SECONDS.toNanos(5);

  private final Path folder;
  private final AuditConfig config;
  private final FileChannel lock;
  private final ConcurrentLinkedDeque<Segment> chain = new ConcurrentLinkedDeque<>();
  private final Optional<JournalSync> sync;
  private final Thread preparer;
  private final ReentrantLock exchange = new ReentrantLock();
  private final Condition changed = exchange.newCondition();

  private volatile Segment current;

  /// Whether there will be no next segment for now: follows from the chain, what is prepared and
  /// whether the disk has room, and is worked out anew whenever one of them changes.
  private volatile boolean exhausted;

  private @Nullable Segment prepared;
  private boolean diskFull;
  private volatile boolean closed;

  private Journal(Path folder, AuditConfig config, FileChannel lock, List<Segment> found)
      throws IOException {
    this.folder = folder;
    this.config = config;
    this.lock = lock;
    this.chain.addAll(found);
    this.sync = config.fsync() == Fsync.GROUP ? Optional.of(new JournalSync()) : Optional.empty();
    long firstSequence = found.isEmpty() ? 0 : found.getLast().nextSequence();
    // A journal that is full stays so until the shipper has made room, restarts or not.
    if (found.isEmpty() || found.size() < config.segments()) {
      chain.add(create(firstSequence));
    }
    this.current = chain.getLast();
    this.exhausted = chain.size() >= config.segments();
    this.preparer = Thread.ofPlatform().daemon().name("audit-journal").unstarted(this::prepare);
  }

  /// Opens the journal of a folder, with what an earlier process left in it.
  static Journal open(Path folder, AuditConfig config) throws IOException {
    if (config.segments() < 2 || config.segmentSize().bytes() < 2 * RecordBytes.LONGEST) {
      throw new IllegalStateException(
          "audit.segments must be at least 2 and audit.segment-size at least 128KiB");
    }
    Files.createDirectories(
        folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    FileChannel lock = lock(folder);
    var journal = new Journal(folder, config, lock, recover(folder));
    journal.preparer.start();
    journal.sync.ifPresent(JournalSync::start);
    return journal;
  }

  /// Writes a record that opens or replaces a call: refused early when the journal is about full.
  ///
  /// @return its sequence
  /// @throws Unavailable when it can't be written
  long appendNew(RecordBytes record) {
    if (exhausted && current.nearlyFull()) {
      throw full();
    }
    return append(record);
  }

  /// Writes a record; when it returns, the record survives the end of the process, and that of the
  /// machine where the configuration says so.
  ///
  /// @return its sequence
  /// @throws Unavailable when it can't be written
  long append(RecordBytes record) {
    return append(record, LONGEST_WAIT);
  }

  /// Writes a record if there is room at once. The shipper must not wait for a segment: it alone
  /// makes room for one.
  ///
  /// @return its sequence
  /// @throws Unavailable when it can't be written now
  long appendAtOnce(RecordBytes record) {
    return append(record, 0);
  }

  private long append(RecordBytes record, long longestWait) {
    while (!closed) {
      Segment segment = current;
      long sequence = segment.append(record);
      if (sequence >= 0) {
        sync.ifPresent(group -> group.await(segment));
        return sequence;
      }
      advance(segment, longestWait);
    }
    throw full();
  }

  /// The oldest segment.
  Segment first() {
    return chain.getFirst();
  }

  /// The segment that was begun after this one.
  Optional<Segment> after(Segment segment) {
    var later = chain.iterator();
    while (later.hasNext()) {
      if (later.next() == segment) {
        return later.hasNext() ? Optional.of(later.next()) : Optional.empty();
      }
    }
    return Optional.empty();
  }

  /// Whether segments are getting scarce.
  boolean crowded() {
    return chain.size() > config.segments() / 2;
  }

  /// The sequence of what is to be written next.
  long upcoming() {
    return current.upcoming();
  }

  /// How many bytes of its segments can't be written again yet.
  long used() {
    return (chain.size() - 1) * config.segmentSize().bytes() + current.written();
  }

  /// How many bytes all segments have that there may be.
  long limit() {
    return config.segments() * config.segmentSize().bytes();
  }

  /// Whether there is no room for another segment.
  boolean exhausted() {
    return exhausted;
  }

  /// The segments that were begun before this one.
  List<Segment> before(Segment segment) {
    return chain.stream().takeWhile(each -> each != segment).toList();
  }

  /// The segment with the record of that sequence, which must be there.
  Segment holding(long sequence) {
    return chain.stream()
        .filter(each -> each.nextSequence() > sequence)
        .findFirst()
        .orElse(current);
  }

  /// Deletes a segment of which nothing is needed any more; never the newest.
  void drop(Segment segment) {
    change(() -> chain.remove(segment));
    segment.delete();
  }

  @Override
  public void close() {
    change(() -> closed = true);
    join(preparer);
    sync.ifPresent(JournalSync::close);
    if (prepared != null) {
      prepared.delete();
    }
    chain.forEach(Segment::close);
    try {
      lock.close();
    } catch (IOException e) {
      LOG.atWarn().setCause(e).log("The lock of the audit journal could not be given back");
    }
  }

  /// Makes the prepared segment the current one in place of a full one, whoever comes first.
  private void advance(Segment full, long longestWait) {
    long left = longestWait;
    boolean interrupted = false;
    exchange.lock();
    try {
      while (current == full && prepared == null) {
        if (exhausted || closed || left <= 0) {
          throw full();
        }
        try {
          left = changed.awaitNanos(left);
        } catch (InterruptedException _) {
          // Even the answer to a cancelled call is recorded.
          interrupted = true;
        }
      }
      if (current == full && prepared != null) {
        chain.add(prepared);
        current = prepared;
        prepared = null;
        noteChange();
      }
    } finally {
      exchange.unlock();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void prepare() {
    while (awaitNeed()) {
      try {
        Segment made = create(current.nextSequence());
        change(() -> {
          prepared = made;
          diskFull = false;
        });
      } catch (IOException e) {
        LOG.atError().setCause(e).log("No space can be reserved for the audit journal");
        change(() -> diskFull = true);
      }
    }
  }

  /// Waits until a segment is to be made; false when the journal is closed. A full disk is looked
  /// at again every second.
  private boolean awaitNeed() {
    exchange.lock();
    try {
      boolean waited = false;
      while (!closed) {
        if (prepared == null && chain.size() < config.segments() && (!diskFull || waited)) {
          return true;
        }
        waited = changed.awaitNanos(TimeUnit.SECONDS.toNanos(1)) <= 0;
      }
      return false;
    } catch (InterruptedException _) {
      return false;
    } finally {
      exchange.unlock();
    }
  }

  private void change(Runnable what) {
    exchange.lock();
    try {
      what.run();
      noteChange();
    } finally {
      exchange.unlock();
    }
  }

  /// Called with the lock held.
  private void noteChange() {
    exhausted = prepared == null && (diskFull || chain.size() >= config.segments());
    changed.signalAll();
  }

  private Segment create(long firstSequence) throws IOException {
    return Segment.create(
        folder.resolve("segment-%016x.journal".formatted(firstSequence)),
        config.segmentSize().bytes(),
        firstSequence,
        config.fsync() == Fsync.GROUP);
  }

  private static List<Segment> recover(Path folder) throws IOException {
    List<Path> files = new ArrayList<>();
    try (var found = Files.newDirectoryStream(folder, "segment-*.journal")) {
      found.forEach(files::add);
    }
    files.sort(null);
    List<Segment> segments = new ArrayList<>();
    for (Path file : files) {
      Optional<Segment> segment = Segment.recover(file);
      segment.ifPresent(segments::add);
      if (segment.isEmpty()) {
        LOG.atError()
            .addKeyValue("file", file)
            .log("Not a segment of the audit journal: set aside");
        Files.move(file, file.resolveSibling(file.getFileName() + ".damaged"));
      }
    }
    return segments;
  }

  private static FileChannel lock(Path folder) throws IOException {
    FileChannel channel =
        FileChannel.open(
            folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (channel.tryLock() != null) {
        return channel;
      }
    } catch (OverlappingFileLockException _) {
      // Held by this very process.
    }
    channel.close();
    throw new IllegalStateException(
        "another gateway writes the audit journal in %s: give each its own server.data-dir"
            .formatted(folder));
  }

  private static Unavailable full() {
    return new Unavailable(
        "the audit journal is full or can't be written, and nothing is answered unrecorded",
        RETRY_AFTER);
  }

  private static void join(Thread thread) {
    try {
      thread.join(TimeUnit.NANOSECONDS.toMillis(LONGEST_WAIT));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
