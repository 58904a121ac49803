package io.reflow.gateway.audit;

import io.reflow.gateway.audit.Fault.Kind;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// Goes along a part of one chain, from row to row, and notes what is not as it was written.
final class ChainWalk {

  private static final int ROWS_AT_ONCE = 5_000;

  private final ChainStore store;
  private final ChainKeys keys;
  private final ChainKeys.Verifier verifier;
  private final DroppedRuns dropped;
  private final Faults faults;
  private final Runnable patience;
  private BiConsumer<ChainRow, ChainHead> sound = (_, _) -> {};

  private final UUID replica;
  private final Map<Long, byte[]> marks;

  /// Where the walk has come to; without a seal where that of the row before is not known.
  private long place;

  private byte @Nullable [] seal;
  private long rows;
  private @Nullable ChainRow last;

  /// @param patience runs now and then, and throws when it is at its end
  ChainWalk(
      ChainStore store,
      ChainKeys keys,
      DroppedRuns dropped,
      Faults faults,
      Runnable patience,
      UUID replica,
      Map<Long, byte[]> marks) {
    this.store = store;
    this.keys = keys;
    this.verifier = keys.new Verifier();
    this.dropped = dropped;
    this.faults = faults;
    this.patience = patience;
    this.replica = replica;
    this.marks = marks;
  }

  /// Tells of every row that is as it was written.
  ChainWalk tell(BiConsumer<ChainRow, ChainHead> listener) {
    sound = listener;
    return this;
  }

  /// Walks from behind a place to another.
  ///
  /// @param end where the chain ends at least; what stands behind it was never written
  /// @return how many rows there were
  long walk(long behind, long to, long end) {
    place = behind;
    seal = sealAt(behind);
    long upTo = to >= end ? Long.MAX_VALUE : to;
    int count;
    do {
      patience.run();
      count =
          store.rows(
              replica,
              behind + 1,
              upTo,
              Optional.ofNullable(last),
              ROWS_AT_ONCE,
              row -> take(row, end));
    } while (count == ROWS_AT_ONCE);
    skipTo(Math.min(to, end) + 1);
    return rows;
  }

  private byte @Nullable [] sealAt(long behind) {
    if (behind == 0) {
      return ChainHead.NONE.mac();
    }
    byte @Nullable [] known = marks.get(behind);
    return known == null
        ? dropped.endingAt(replica, behind).or(() -> store.mac(replica, behind)).orElse(null)
        : known;
  }

  private void take(ChainRow row, long end) {
    last = row;
    if (row.position() > end) {
      faults.row(Kind.INSERTED, replica, row, "the chain ends at %d".formatted(end));
      return;
    }
    if (row.position() <= place) {
      faults.row(Kind.INSERTED, replica, row, "there is another row in this place");
      return;
    }
    skipTo(row.position());
    rows++;
    check(row);
    place = row.position();
    seal = row.mac();
  }

  /// Goes over what is not there, as far as retention has taken it.
  private void skipTo(long next) {
    while (place + 1 < next) {
      ChainHead taken = dropped.from(replica, place + 1);
      if (taken.position() > place && taken.position() < next) {
        place = taken.position();
        seal = taken.mac();
      } else {
        faults.missing(replica, place + 1, next - 1);
        place = next - 1;
        seal = null;
      }
    }
  }

  private void check(ChainRow row) {
    byte @Nullable [] mac = row.mac();
    byte @Nullable [] before = seal;
    byte @Nullable [] mark = marks.get(row.position());
    if (mac == null) {
      faults.row(Kind.CHANGED, replica, row, "its seal was taken away");
    } else if (!keys.knows(mac)) {
      faults.row(Kind.UNKNOWN_KEY, replica, row, "the key that has sealed it is not configured");
    } else if (mark != null && !Arrays.equals(mark, mac)) {
      faults.row(Kind.CHANGED, replica, row, "a checkpoint says otherwise");
    } else if (before != null && !sealed(row, mac, new ChainHead(row.position() - 1, before))) {
      faults.row(Kind.CHANGED, replica, row, "it is not what was sealed in this place");
    } else if (before != null) {
      sound.accept(row, new ChainHead(row.position(), mac));
    }
  }

  private boolean sealed(ChainRow row, byte[] mac, ChainHead before) {
    return verifier
        .begin(ChainKeys.Kind.ROW, mac)
        .map(sealer -> sealer.add(before).add(row.fields(), 0, row.fields().length).end())
        .filter(expected -> Arrays.equals(expected, mac))
        .isPresent();
  }
}
