package io.reflow.gateway.database;

import io.helidon.dbclient.DbClient;
import io.helidon.dbclient.DbExecute;
import java.util.function.Function;

/// The way to PostgreSQL, for `*Store` classes.
///
/// A database that is away is a [io.reflow.gateway.fault.GatewayException.Unavailable]; a violated
/// unique constraint is a [io.reflow.gateway.fault.GatewayException.Conflict].
public final class Database {

  private final DbClient client;

  public Database(DbClient client) {
    this.client = client;
  }

  /// Runs statements, each in a transaction of its own. Named parameters are written `:name`; a
  /// cast is written `cast(:x as jsonb)`, since `::` would be read as a parameter.
  public <T> T run(Function<DbExecute, T> statements) {
    return statements.apply(client.execute());
  }

  /// Runs statements in one transaction: all of them count, or none.
  public <T> T transaction(Function<DbExecute, T> statements) {
    var transaction = client.transaction();
    boolean done = false;
    try {
      T result = statements.apply(transaction);
      transaction.commit();
      done = true;
      return result;
    } finally {
      if (!done) {
        transaction.rollback();
      }
    }
  }
}
