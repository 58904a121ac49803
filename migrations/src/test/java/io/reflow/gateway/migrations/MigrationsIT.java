package io.reflow.gateway.migrations;

import static org.assertj.core.api.Assertions.assertThat;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.sql.SQLException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.output.MigrateResult;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class MigrationsIT {

  private static EmbeddedPostgres postgres;

  @BeforeAll
  static void start() throws IOException {
    postgres = EmbeddedPostgres.start();
  }

  @AfterAll
  static void stop() throws IOException {
    postgres.close();
  }

  @Test
  void applyOnceAndAreDone() throws SQLException {
    create("twice");

    assertThat(migrate("twice").migrationsExecuted).isPositive();
    assertThat(migrate("twice").migrationsExecuted).isZero();
  }

  @Test
  void mayBeAppliedByTwoReplicasAtOnce()
      throws SQLException, ExecutionException, InterruptedException {
    create("at_once");

    try (var threads = Executors.newFixedThreadPool(2)) {
      var one = threads.submit(() -> migrate("at_once"));
      var other = threads.submit(() -> migrate("at_once"));
      assertThat(one.get().success && other.get().success).isTrue();
    }
    assertThat(migrate("at_once").migrationsExecuted).isZero();
  }

  @Test
  void keepAnAuditRowOnceHoweverOftenItIsSent() throws SQLException {
    create("audit");
    assertThat(migrate("audit").success).isTrue();

    execute("audit", "select reflow_add_audit_partition('2026-11-23')");
    execute("audit", "select reflow_add_audit_partition('2026-11-01')");
    for (int i = 0; i < 2; i++) {
      execute(
          "audit",
          """
          insert into audit_log (time, replica, sequence, method, outcome)
          values ('2026-11-30T23:59:59.999999Z', '9c8f52b8-0d4c-4f4e-9f4a-0f6f3b1f5a11', 1, 'ping', 'allowed'),
                 ('2030-01-01T00:00:00Z', '9c8f52b8-0d4c-4f4e-9f4a-0f6f3b1f5a11', 2, 'ping', 'allowed')
          on conflict do nothing
          """);
    }

    assertThat(count("audit", "audit_log")).isEqualTo(2);
    assertThat(count("audit", "audit_log_2026_11")).isOne();
    assertThat(count("audit", "audit_log_default")).isOne();
  }

  private static MigrateResult migrate(String database) {
    return Flyway.configure()
        .dataSource(postgres.getDatabase("postgres", database))
        .locations("classpath:db/migration")
        .load()
        .migrate();
  }

  private static void create(String database) throws SQLException {
    execute("postgres", "create database " + database);
  }

  private static void execute(String database, String sql) throws SQLException {
    try (var connection = postgres.getDatabase("postgres", database).getConnection();
        var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static long count(String database, String table) throws SQLException {
    try (var connection = postgres.getDatabase("postgres", database).getConnection();
        var statement = connection.createStatement();
        var rows = statement.executeQuery("select count(*) from " + table)) {
      rows.next();
      return rows.getLong(1);
    }
  }
}
