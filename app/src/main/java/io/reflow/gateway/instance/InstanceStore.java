package io.reflow.gateway.instance;

import io.helidon.dbclient.DbRow;
import io.reflow.gateway.database.Columns;
import io.reflow.gateway.database.Database;
import io.reflow.gateway.target.TargetId;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The table `instance_restarts`.
public final class InstanceStore {

  private final Database database;

  public InstanceStore(Database database) {
    this.database = database;
  }

  /// How often each target was restarted, where it was at all.
  Map<TargetId, Long> restarts() {
    return database.run(db -> {
      try (Stream<DbRow> rows = db.query("select target_id, restarts from instance_restarts")) {
        return rows.collect(
            Collectors.toMap(
                row -> new TargetId(Columns.uuid(row, "target_id")),
                row -> Columns.number(row, "restarts")));
      }
    });
  }

  /// Counts one more; nothing for a target that was deleted meanwhile.
  void restart(TargetId target) {
    long _ =
        database.run(db ->
            db.insert(
                """
                insert into instance_restarts as old (target_id, restarts)
                select id, 1 from targets where id = ?
                on conflict (target_id) do update set restarts = old.restarts + 1
                """,
                target.value()));
  }
}
