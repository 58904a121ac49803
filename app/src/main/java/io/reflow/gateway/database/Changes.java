package io.reflow.gateway.database;

/// Tells which tables have changed, on this replica or another: PostgreSQL notifies on channel
/// `reflow_changed` with the table's name.
public interface Changes {

  /// `reload` runs after each change of the table, and after a lost connection was found again. A
  /// change is heard within 2 s on every connected replica.
  void on(String table, Runnable reload);
}
