package io.reflow.gateway.audit;

import io.reflow.gateway.fault.GatewayException.Unavailable;
import java.time.Duration;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentSkipListMap;

/// A table that can be away.
final class FakeRows implements AuditRows {

  final Map<Long, AuditEntry> rows = new ConcurrentSkipListMap<>();
  volatile boolean away;

  @Override
  public void insert(UUID replica, List<JournalRow> batch) {
    if (away) {
      throw new Unavailable("away", Duration.ofSeconds(1));
    }
    batch.forEach(row -> rows.putIfAbsent(row.sequence(), row.decoded().entry()));
  }

  @Override
  public void prepareMonth(LocalDate anyDay) {
    // A map has no months.
  }
}
