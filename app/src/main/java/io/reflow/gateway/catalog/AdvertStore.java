package io.reflow.gateway.catalog;

import io.helidon.dbclient.DbRow;
import io.reflow.gateway.database.Columns;
import io.reflow.gateway.database.Database;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.upstream.ServerFacts;
import io.reflow.gateway.upstream.ServerFacts.Capability;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The table `target_advert`.
public final class AdvertStore implements KnownServers.Shelf {

  private static final String SETTLED =
      """
      select a.* from target_advert a join targets t on t.id = a.target_id
      where t.revision = a.revision\
      """;

  private final Database database;

  public AdvertStore(Database database) {
    this.database = database;
  }

  /// What is known of all targets as they are now, the newest first.
  public List<Advert> all() {
    return database.run(db -> {
      try (Stream<DbRow> rows = db.query(SETTLED + " order by a.fetched_at desc")) {
        return rows.flatMap(row -> advert(row).stream()).toList();
      }
    });
  }

  @Override
  public List<Advert> of(TargetId target) {
    return database.run(db -> {
      try (Stream<DbRow> rows =
          db.query(SETTLED + " and t.id = ? order by a.fetched_at desc", target.value())) {
        return rows.flatMap(row -> advert(row).stream()).toList();
      }
    });
  }

  /// Empty for what only another version of the gateway understands.
  private static Optional<Advert> advert(DbRow row) {
    return ProtocolVersion.find(Columns.text(row, "version"))
        .map(version ->
            new Advert(
                new TargetId(Columns.uuid(row, "target_id")),
                Columns.text(row, "scope"),
                new ServerFacts(
                    version,
                    RawJson.of(Columns.text(row, "capabilities")),
                    RawJson.of(Columns.text(row, "server_info")),
                    Columns.optionalText(row, "instructions"),
                    offers(Columns.text(row, "offers")))));
  }

  private static Set<Capability> offers(String names) {
    Set<Capability> offers = EnumSet.noneOf(Capability.class);
    for (Capability one : Capability.values()) {
      if (List.of(names.split(",")).contains(one.name())) {
        offers.add(one);
      }
    }
    return offers;
  }

  /// PostgreSQL has no text with this in it.
  private static String storable(String text) {
    return text.replace("\0", "");
  }

  @Override
  public void keep(Advert advert) {
    ServerFacts said = advert.said();
    String offers =
        said.offers().stream().map(Enum::name).sorted().collect(Collectors.joining(","));
    long _ =
        database.transaction(db ->
            db.createInsert(
                    """
                    insert into target_advert
                      (target_id, scope, revision, version, capabilities, server_info, offers,
                       instructions)
                    select id, ?, revision, ?, ?, ?, ?, ? from targets where id = ?
                    on conflict (target_id, scope) do update set
                      revision = excluded.revision, version = excluded.version,
                      capabilities = excluded.capabilities, server_info = excluded.server_info,
                      offers = excluded.offers, instructions = excluded.instructions,
                      fetched_at = excluded.fetched_at
                    """)
                .params(
                    Arrays.asList(
                        advert.scope(),
                        said.version().wireName(),
                        said.capabilities().toString(),
                        said.serverInfo().toString(),
                        offers,
                        said.instructions().map(AdvertStore::storable).orElse(null),
                        advert.target().value()))
                .execute());
  }
}
