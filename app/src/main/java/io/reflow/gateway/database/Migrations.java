package io.reflow.gateway.database;

import io.reflow.gateway.config.DatabaseConfig;
import io.reflow.gateway.fault.GatewayException.Unavailable;
import java.time.Duration;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.postgresql.ds.PGSimpleDataSource;

/// Brings the schema up to this version at start. Replicas that start at once wait for each other;
/// a statement that waits too long for a lock of the running version gives up.
final class Migrations {

  private Migrations() {}

  static void apply(DatabaseAddress address, DatabaseConfig config) {
    int connectTimeout = (int) Math.max(1, config.connectionTimeout().toSeconds());
    PGSimpleDataSource source = address.dataSource(connectTimeout, 0);
    source.setOptions("-c lock_timeout=" + config.lockTimeout().toMillis());
    try {
      Flyway.configure(Migrations.class.getClassLoader())
          .dataSource(source)
          .locations("classpath:db/migration")
          .connectRetries(5)
          .connectRetriesInterval(2)
          .load()
          .migrate();
    } catch (FlywayException e) {
      if (Failures.isUnreachable(e)) {
        throw new Unavailable(
            "the database at %s:%d can't be reached".formatted(address.host(), address.port()),
            Duration.ofSeconds(5));
      }
      throw e;
    }
  }
}
