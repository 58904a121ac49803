package io.reflow.gateway.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helidon.dbclient.DbClientException;
import io.reflow.gateway.fault.GatewayException.Conflict;
import io.reflow.gateway.fault.GatewayException.Unavailable;
import io.reflow.gateway.testing.TestDatabase;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DatabaseIT {

  private TestDatabase test;

  @BeforeEach
  void open() {
    test = TestDatabase.fresh();
    test.execute(
        "create table thing (id uuid primary key, name text unique, tags text[], at timestamptz,"
            + " document jsonb, size bigint, good boolean)");
  }

  @AfterEach
  void close() {
    test.close();
  }

  @Test
  void bringsEveryTypeThereAndBack() {
    UUID id = UUID.randomUUID();
    Instant at = Instant.parse("2026-11-23T10:11:12.345678Z");

    insert(id, "one", at);

    record Thing(
        UUID id,
        String name,
        List<String> tags,
        Instant at,
        String document,
        long size,
        boolean good) {}
    Optional<Thing> found =
        test.database()
            .run(db ->
                db.createGet("select * from thing where id = :id")
                    .addParam("id", id)
                    .execute()
                    .map(row ->
                        new Thing(
                            Columns.uuid(row, "id"),
                            Columns.text(row, "name"),
                            Columns.texts(row, "tags"),
                            Columns.instant(row, "at"),
                            Columns.text(row, "document"),
                            Columns.number(row, "size"),
                            Columns.flag(row, "good"))));
    assertThat(found)
        .contains(new Thing(id, "one", List.of("a", "b,\"c"), at, "{\"x\": 1}", 7, true));
  }

  @Test
  void readsNullAsEmpty() {
    UUID id = UUID.randomUUID();
    test.execute("insert into thing (id) values ('%s')".formatted(id));

    var row =
        test.database().run(db -> db.createGet("select * from thing").execute().orElseThrow());

    assertThat(Columns.optionalText(row, "name")).isEmpty();
    assertThat(Columns.optionalInstant(row, "at")).isEmpty();
    assertThat(Columns.optionalNumber(row, "size")).isEmpty();
    assertThatThrownBy(() -> Columns.text(row, "name")).hasMessage("column name is null");
  }

  @Test
  void callsASecondOfAKindAConflict() {
    insert(UUID.randomUUID(), "one", Instant.EPOCH);

    assertThatThrownBy(() -> insert(UUID.randomUUID(), "one", Instant.EPOCH))
        .isInstanceOf(Conflict.class)
        .hasMessageContaining("thing_name_key");
  }

  @Test
  void undoesATransactionThatFails() {
    assertThatThrownBy(() ->
            test.database()
                .transaction(db -> {
                  db.dml("insert into thing (id) values (?)", UUID.randomUUID());
                  return db.dml("insert into thing (id) values ('no uuid')");
                }))
        .isInstanceOf(DbClientException.class);

    assertThat(count()).isZero();
  }

  @Test
  void saysThatTheDatabaseIsAwayAndComesBackWithIt() {
    assertThat(count()).isZero();

    test.refuse();
    assertThatThrownBy(this::count).isInstanceOf(Unavailable.class);

    test.admit();
    assertThat(count()).isZero();
  }

  @Test
  void keepsItsConnectionsWhenResultsAreNotReadToTheEnd() {
    test.execute("insert into thing (id) select gen_random_uuid() from generate_series(1, 10)");

    for (int i = 0; i < 20; i++) {
      var first =
          test.database()
              .run(db -> db.createQuery("select * from thing").execute().iterator().next());
      assertThat(Columns.optionalText(first, "name")).isEmpty();
    }
  }

  @Test
  void servesManyVirtualThreadsOverFewConnections()
      throws ExecutionException, InterruptedException {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var counts = IntStream.range(0, 500).mapToObj(_ -> threads.submit(this::count)).toList();
      for (var each : counts) {
        assertThat(each.get()).isZero();
      }
    }
  }

  private void insert(UUID id, String name, Instant at) {
    long inserted =
        test.database()
            .run(db ->
                db.createInsert(
                        "insert into thing values (:id, :name, :tags, :at, :document, :size,"
                            + " :good)")
                    .addParam("id", id)
                    .addParam("name", name)
                    .addParam("tags", Columns.parameter(List.of("a", "b,\"c")))
                    .addParam("at", Columns.parameter(at))
                    .addParam("document", "{\"x\":1}")
                    .addParam("size", 7L)
                    .addParam("good", true)
                    .execute());
    assertThat(inserted).isOne();
  }

  private long count() {
    return test.database()
        .run(db ->
            Columns.number(
                db.createGet("select count(*) as n from thing").execute().orElseThrow(), "n"));
  }
}
