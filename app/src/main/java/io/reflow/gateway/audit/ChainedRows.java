package io.reflow.gateway.audit;

import io.reflow.gateway.fault.GatewayException.Conflict;
import java.nio.ByteBuffer;
import java.time.LocalDate;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Chains the rows of this gateway on their way to the database: each is sealed together with the
/// seal of the row before. Used by the one thread that ships.
///
/// The rows and how far the chain has come are written in one transaction. Whenever it is not
/// certain what the database has of them, it is asked; should it say less than what was
/// acknowledged before, which [Anchors] remembers over restarts, rows were removed: then the chain
/// goes on behind them and the gap stays.
final class ChainedRows implements AuditRows {

  private static final Logger LOG = LoggerFactory.getLogger(ChainedRows.class);

  private static final int MOST_KEPT = 4 << 20;

  private final AuditStore store;
  private final ChainKeys keys;
  private final Anchors anchors;

  /// What was written last, to be written over: it need not be made, nor collected, each time.
  private ByteBuffer room = ByteBuffer.allocate(1 << 16);

  /// Where the chain has come to in the database; null when that is not certain.
  private @Nullable ChainHead head;

  /// What the database has acknowledged.
  private volatile ChainHead shipped;

  ChainedRows(AuditStore store, ChainKeys keys, Anchors anchors) {
    this.store = store;
    this.keys = keys;
    this.anchors = anchors;
    this.shipped = anchors.head();
  }

  /// The last row of which it is certain that the database has it.
  ChainHead shipped() {
    return shipped;
  }

  @Override
  public void insert(UUID replica, List<JournalRow> rows) {
    try {
      append(replica, rows);
    } catch (Conflict _) {
      // COPY takes all or nothing. After a crash, what was shipped before it comes again.
      append(replica, store.missing(replica, rows));
    }
  }

  @Override
  public void prepareMonth(LocalDate anyDay) {
    store.prepareMonth(anyDay);
  }

  private void append(UUID replica, List<JournalRow> rows) {
    if (rows.isEmpty()) {
      return;
    }
    ChainHead before = head == null ? ask(replica) : head;
    head = null;
    CopyRows.Sealed sealed = CopyRows.of(replica, rows, keys.sealer(), before, room);
    if (sealed.bytes().capacity() <= MOST_KEPT) {
      room = sealed.bytes();
    }
    store.append(replica, sealed);
    head = sealed.head();
    shipped = sealed.head();
    anchors.save(sealed.head());
  }

  private ChainHead ask(UUID replica) {
    ChainHead known = shipped;
    ChainHead found = store.head(replica).orElse(ChainHead.NONE);
    boolean less =
        found.position() < known.position()
            || (found.position() == known.position() && !found.equals(known));
    if (less) {
      LOG.atError()
          .addKeyValue("found", found.position())
          .addKeyValue("expected", known.position())
          .log("The database has lost audit rows of this gateway");
    }
    return less ? known : found;
  }
}
