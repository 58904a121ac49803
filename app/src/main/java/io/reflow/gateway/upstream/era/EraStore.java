package io.reflow.gateway.upstream.era;

import io.helidon.dbclient.DbRow;
import io.reflow.gateway.database.Columns;
import io.reflow.gateway.database.Database;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.target.TargetId;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The table `target_protocol`.
public final class EraStore {

  private final Database database;

  public EraStore(Database database) {
    this.database = database;
  }

  /// What is known of all targets, but for what only a newer version of the gateway understands.
  public List<Remembered> all() {
    return database.run(db -> {
      try (Stream<DbRow> rows = db.query("select * from target_protocol")) {
        return rows.flatMap(row -> remembered(row).stream()).toList();
      }
    });
  }

  private static Optional<Remembered> remembered(DbRow row) {
    return Era.find(Columns.text(row, "era"))
        .map(era ->
            new Remembered(
                new TargetId(Columns.uuid(row, "target_id")),
                Columns.text(row, "config_hash"),
                era,
                Columns.text(row, "transport"),
                Columns.instant(row, "probed_at")));
  }

  /// Keeps it in place of what was known before; not for a target that is gone.
  public void save(Remembered what) {
    @Nullable String version =
        switch (what.era()) {
          case INITIALIZE -> null;
          case STATELESS -> ProtocolVersion.V2026_07_28.wireName();
        };
    long _ =
        database.transaction(db ->
            db.createInsert(
                    """
                    insert into target_protocol
                      (target_id, config_hash, era, version, transport, probed_at)
                    select id, ?, ?, ?, ?, ? from targets where id = ?
                    on conflict (target_id) do update set
                      config_hash = excluded.config_hash, era = excluded.era,
                      version = excluded.version, transport = excluded.transport,
                      probed_at = excluded.probed_at
                    """)
                .params(
                    Arrays.asList(
                        what.configHash(),
                        what.era().wireName(),
                        version,
                        what.transport(),
                        Columns.parameter(what.probedAt()),
                        what.target().value()))
                .execute());
  }
}
