package io.reflow.gateway.audit;

import io.reflow.gateway.config.AuditConfig;
import io.reflow.gateway.database.Database;
import io.reflow.gateway.telemetry.OtlpLogs;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;

/// The record of every answer.
///
/// Before a call goes upstream its intent is recorded, before its answer leaves its outcome. Both
/// go to a journal on the local disk, which costs a microsecond and needs no database; from there
/// they find their way to PostgreSQL. A call whose intent has no outcome, because the gateway was
/// killed, is recorded as interrupted by the next start. What can't be recorded is not answered.
public final class AuditLog implements AutoCloseable {

  private final UUID replica;
  private final Journal journal;
  private final Shipper shipper;
  private final AuditKeeper keeper;
  private final ChainVerifier verifier;
  private final Bodies bodies;
  private Optional<RowCopies> copies = Optional.empty();
  private boolean begun;
  private volatile Consumer<StoredEntry> listener = _ -> {};

  private AuditLog(
      UUID replica,
      Journal journal,
      Shipper shipper,
      AuditKeeper keeper,
      ChainVerifier verifier,
      Bodies bodies) {
    this.replica = replica;
    this.journal = journal;
    this.shipper = shipper;
    this.keeper = keeper;
    this.verifier = verifier;
    this.bodies = bodies;
  }

  /// Opens the journal under the gateway's data folder; [#begin] ships it.
  ///
  /// @param keys that seal its rows
  /// @throws IllegalStateException when another gateway uses the folder
  public static AuditLog open(
      Path dataDir, AuditConfig config, ChainKeys keys, Database database, InstantSource clock) {
    Path folder = dataDir.resolve("audit");
    try {
      Journal journal = Journal.open(folder, config);
      UUID replica = replica(folder);
      var anchors = new Anchors(folder);
      var rows = new ChainedRows(new AuditStore(database), keys, anchors);
      var shipper = new Shipper(replica, journal, rows, config, clock);
      var keeper = new AuditKeeper(database, keys, anchors, replica, config, clock);
      var verifier = new ChainVerifier(database, keys, anchors, replica, rows::shipped);
      return new AuditLog(replica, journal, shipper, keeper, verifier, new Bodies(config.bodies()));
    } catch (IOException e) {
      throw new UncheckedIOException(
          "the audit journal in %s can't be opened".formatted(folder), e);
    }
  }

  /// Begins to ship the journal.
  ///
  /// @param collector gets a copy of what the database has; closed with this
  public void begin(Optional<OtlpLogs> collector) {
    begun = true;
    copies = collector.map(logs -> new RowCopies(logs, replica));
    shipper.start(copies.<Consumer<List<JournalRow>>>map(to -> to::add).orElse(_ -> {}));
    keeper.start();
  }

  /// `listener` hears of every entry that is recorded from now on, on the thread of its call: it
  /// must neither wait nor fail.
  public void onRecord(Consumer<StoredEntry> listener) {
    this.listener = listener;
  }

  /// Records that a call is about to go upstream.
  ///
  /// @return what to give to [#record(Intended, AuditEntry)]
  /// @throws io.reflow.gateway.fault.GatewayException.Unavailable when it can't be recorded: then
  ///   nothing may go upstream
  public Intended intend(AuditIntent intent) {
    RecordBytes record = AuditRecords.write(intent);
    return new Intended(journal.appendNew(record), intent, record);
  }

  /// Records what became of a call that was let through.
  ///
  /// @param intended what [#intend(AuditIntent)] returned for the call
  /// @throws io.reflow.gateway.fault.GatewayException.Unavailable when it can't be recorded: then
  ///   the answer may not leave
  public void record(Intended intended, AuditEntry entry) {
    RecordBytes record = AuditRecords.write(intended, entry);
    long _ = journal.append(record);
    listener.accept(StoredEntry.of(entry, record));
  }

  /// Records a call that never was to go upstream: denied, or answered by the gateway itself.
  ///
  /// @throws io.reflow.gateway.fault.GatewayException.Unavailable when it can't be recorded
  public void record(AuditEntry entry) {
    RecordBytes record = AuditRecords.write(0, entry);
    long _ = journal.appendNew(record);
    listener.accept(StoredEntry.of(entry, record));
  }

  /// Names this gateway's rows among those of all replicas. Lives and dies with the journal, so a
  /// number is never used twice under one name.
  public UUID replica() {
    return replica;
  }

  /// What may be recorded of arguments and answers.
  public Bodies bodies() {
    return bodies;
  }

  /// How the journal fills and empties.
  public JournalState state() {
    return shipper.state();
  }

  /// Proves that what was shipped is as it was.
  public ChainVerifier verifier() {
    return verifier;
  }

  /// Ships what there is, a few seconds at most, and closes the journal. Calls that are still open
  /// become interrupted ones: end them before.
  @Override
  public void close() {
    if (begun) {
      shipper.close();
      keeper.close();
    }
    journal.close();
    copies.ifPresent(RowCopies::close);
  }

  private static UUID replica(Path folder) throws IOException {
    Path file = folder.resolve("replica");
    if (Files.exists(file)) {
      return UUID.fromString(Files.readString(file).strip());
    }
    UUID fresh = UUID.randomUUID();
    Path unfinished = folder.resolve("replica.new");
    Files.writeString(unfinished, fresh + "\n");
    Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
    return fresh;
  }
}
