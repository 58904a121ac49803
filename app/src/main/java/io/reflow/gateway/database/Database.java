package io.reflow.gateway.database;

import io.helidon.dbclient.DbClient;
import io.helidon.dbclient.DbClientException;
import io.helidon.dbclient.DbExecute;
import io.helidon.dbclient.DbTransaction;
import io.helidon.dbclient.jdbc.JdbcClientBuilder;
import io.reflow.gateway.config.DatabaseConfig;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.function.Function;
import java.util.function.Supplier;

/// The way to PostgreSQL, for `*Store` classes.
///
/// A database that is away is a [io.reflow.gateway.fault.GatewayException.Unavailable]; a violated
/// unique constraint is a [io.reflow.gateway.fault.GatewayException.Conflict]. [Columns] reads
/// rows. Results are read within `run`: what it returns must not be a stream of rows.
public final class Database implements AutoCloseable {

  private final Connections connections;
  private final DbClient client;

  private Database(Connections connections) {
    this.connections = connections;
    this.client = JdbcClientBuilder.create().connectionPool(connections).build();
  }

  /// Brings the schema up to date, then opens the pool.
  ///
  /// @throws io.reflow.gateway.fault.GatewayException.Unavailable when the server can't be reached
  public static Database open(DatabaseAddress address, DatabaseConfig config) {
    Migrations.apply(address, config);
    return connect(address, config);
  }

  /// Opens the pool of a database whose schema is up to date.
  public static Database connect(DatabaseAddress address, DatabaseConfig config) {
    return new Database(new Connections(address, config));
  }

  /// Runs statements, each in a transaction of its own. Named parameters are written `:name`; a
  /// cast is written `cast(:x as jsonb)`, since `::` would be read as a parameter.
  public <T> T run(Function<DbExecute, T> statements) {
    return translated(() -> statements.apply(client.execute()));
  }

  /// Runs statements in one transaction: all of them count, or none.
  public <T> T transaction(Function<DbExecute, T> statements) {
    return translated(() -> inTransaction(statements));
  }

  /// Runs plain statements in one transaction: all of them count, or none.
  public <T> T plain(Function<PlainSql, T> statements) {
    return run(db -> {
      try {
        Connection connection = db.unwrap(Connection.class);
        connection.setAutoCommit(false);
        T result = statements.apply(new PlainSql(connection));
        // Without this the pool rolls back.
        connection.commit();
        return result;
      } catch (SQLException e) {
        throw new DbClientException("a transaction has failed", e);
      }
    });
  }

  /// How its connections are used.
  public PoolState pool() {
    return connections.state();
  }

  @Override
  public void close() {
    connections.close();
  }

  private <T> T inTransaction(Function<DbExecute, T> statements) {
    DbTransaction transaction = client.transaction();
    boolean done = false;
    try {
      T result = statements.apply(transaction);
      done = true;
      transaction.commit();
      return result;
    } finally {
      if (!done) {
        rollBack(transaction);
      }
    }
  }

  /// What made the transaction fail says more than what the rollback then runs into; a connection
  /// that is given back to the pool without a commit is rolled back there.
  private static void rollBack(DbTransaction transaction) {
    try {
      transaction.rollback();
    } catch (DbClientException _) {
      // Said above.
    }
  }

  private <T> T translated(Supplier<T> work) {
    try {
      return connections.lend(work);
    } catch (DbClientException e) {
      throw Failures.meaningOf(e);
    }
  }
}
