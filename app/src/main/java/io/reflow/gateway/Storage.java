package io.reflow.gateway;

import io.reflow.gateway.config.GatewayConfig;
import io.reflow.gateway.database.Database;
import io.reflow.gateway.database.DatabaseAddress;
import io.reflow.gateway.database.EmbeddedPostgres;
import io.reflow.gateway.database.PostgresChanges;
import java.time.InstantSource;

/// The database of the gateway, its own or one elsewhere, with the schema in place.
record Storage(DatabaseAddress address, Database database, PostgresChanges changes) {

  static Storage open(GatewayConfig config, InstantSource clock, Closing closing) {
    DatabaseAddress address = address(config, closing);
    Database database = closing.add(Database.open(address, config.database()));
    return new Storage(address, database, closing.add(new PostgresChanges(address, clock)));
  }

  private static DatabaseAddress address(GatewayConfig config, Closing closing) {
    if (config.database().host().isPresent()) {
      return DatabaseAddress.of(config.database());
    }
    var folder = config.server().dataDir().resolve("postgres");
    return closing.add(EmbeddedPostgres.start(folder)).address();
  }
}
