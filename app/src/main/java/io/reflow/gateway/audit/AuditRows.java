package io.reflow.gateway.audit;

import java.time.LocalDate;
import java.util.List;
import java.util.UUID;

/// Where the journal is shipped to. A row that is there already is left as it is.
interface AuditRows {

  void insert(UUID replica, List<JournalRow> rows);

  /// Makes room for the rows of a month.
  void prepareMonth(LocalDate anyDay);
}
