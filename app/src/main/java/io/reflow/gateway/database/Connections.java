package io.reflow.gateway.database;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import io.helidon.dbclient.jdbc.JdbcConnectionPool;
import io.reflow.gateway.config.DatabaseConfig;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;

/// The connection pool as Helidon's client wants it. Every connection that is taken within
/// [#lend(Supplier)] is back in the pool when that returns, even where the client forgets one, as
/// it does with a result that is not read to its end.
final class Connections implements JdbcConnectionPool, AutoCloseable {

  private static final int SOCKET_TIMEOUT_SECONDS = 30;
  private static final ScopedValue<List<Connection>> LENT = ScopedValue.newInstance();

  private final HikariDataSource pool;
  private final LongAdder timeouts = new LongAdder();

  Connections(DatabaseAddress address, DatabaseConfig config) {
    int connectTimeout = (int) Math.max(1, config.connectionTimeout().toSeconds());
    var hikari = new HikariConfig();
    hikari.setPoolName("database");
    hikari.setDataSource(address.dataSource(connectTimeout, SOCKET_TIMEOUT_SECONDS));
    hikari.setMaximumPoolSize(config.poolSize());
    hikari.setMinimumIdle(Math.min(2, config.poolSize()));
    hikari.setConnectionTimeout(Math.max(250, config.connectionTimeout().toMillis()));
    hikari.setInitializationFailTimeout(-1);
    this.pool = new HikariDataSource(hikari);
  }

  <T> T lend(Supplier<T> work) {
    List<Connection> lent = new ArrayList<>(1);
    try {
      return ScopedValue.where(LENT, lent).call(work::get);
    } finally {
      lent.forEach(Connections::giveBack);
    }
  }

  PoolState state() {
    HikariPoolMXBean now = pool.getHikariPoolMXBean();
    return new PoolState(
        now.getActiveConnections(),
        now.getIdleConnections(),
        pool.getMaximumPoolSize(),
        now.getThreadsAwaitingConnection(),
        timeouts.sum());
  }

  @Override
  public Connection connection() {
    try {
      Connection connection = pool.getConnection();
      LENT.get().add(connection);
      return connection;
    } catch (SQLException e) {
      timeouts.increment();
      throw Failures.unreachable(e);
    }
  }

  /// Names the dialect to Helidon.
  @Override
  public String dbType() {
    return "jdbc:postgresql";
  }

  @Override
  public void close() {
    pool.close();
  }

  private static void giveBack(Connection connection) {
    try {
      connection.close();
    } catch (SQLException e) {
      throw Failures.unreachable(e);
    }
  }
}
