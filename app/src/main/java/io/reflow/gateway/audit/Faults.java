package io.reflow.gateway.audit;

import io.reflow.gateway.audit.Fault.Kind;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// What a verification has found: all are counted, the first are kept.
final class Faults {

  private static final int MOST = 100;

  private final List<Fault> first = new ArrayList<>();
  private long count;

  void add(Fault fault) {
    count++;
    if (first.size() < MOST) {
      first.add(fault);
    }
  }

  void row(Kind kind, UUID replica, ChainRow row, String text) {
    add(
        new Fault(
            kind,
            Optional.of(replica),
            row.position(),
            row.position(),
            Optional.of(row.time()),
            text));
  }

  void missing(UUID replica, long from, long to) {
    String text = "rows %d to %d are not there".formatted(from, to);
    add(new Fault(Kind.MISSING, Optional.of(replica), from, to, Optional.empty(), text));
  }

  void unchained(UUID replica, long rows, Optional<Instant> since) {
    String text = "%d rows belong to no chain".formatted(rows);
    add(new Fault(Kind.UNCHAINED, Optional.of(replica), 0, 0, since, text));
  }

  void checkpoint(long from, long to, String text) {
    add(new Fault(Kind.CHECKPOINT, Optional.empty(), from, to, Optional.empty(), text));
  }

  List<Fault> first() {
    return List.copyOf(first);
  }

  long count() {
    return count;
  }
}
