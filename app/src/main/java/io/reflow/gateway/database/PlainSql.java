package io.reflow.gateway.database;

import io.helidon.dbclient.DbClientException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyOut;
import org.postgresql.util.ByteStreamWriter;

/// Statements on one connection, within one transaction: for what DbClient has no words for, such
/// as COPY. Parameters are `?`; an [Instant] and an [Optional] may be one.
public final class PlainSql {

  private final Connection connection;

  PlainSql(Connection connection) {
    this.connection = connection;
  }

  /// Lets statements take longer than those that a caller waits for.
  public void allow(Duration longest) {
    try {
      connection.setNetworkTimeout(Runnable::run, Math.toIntExact(longest.toMillis()));
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  /// Reads one row.
  @FunctionalInterface
  public interface Row<T> {
    T read(ResultSet row) throws SQLException;
  }

  public <T> List<T> list(String sql, Row<T> reader, @Nullable Object... parameters) {
    try (var query = connection.prepareStatement(sql)) {
      fill(query, parameters);
      List<T> found = new ArrayList<>();
      try (var rows = query.executeQuery()) {
        while (rows.next()) {
          found.add(reader.read(rows));
        }
      }
      return found;
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  public <T> Optional<T> first(String sql, Row<T> reader, @Nullable Object... parameters) {
    return list(sql, reader, parameters).stream().findFirst();
  }

  /// Runs a statement that changes something, and tells how many rows it concerned.
  public int change(String sql, @Nullable Object... parameters) {
    try (var statement = connection.prepareStatement(sql)) {
      fill(statement, parameters);
      return statement.execute() ? 0 : statement.getUpdateCount();
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  /// Sends what `copy ... from stdin` is to read.
  public void copyIn(String sql, ByteBuffer bytes) {
    try {
      long _ =
          connection
              .unwrap(PGConnection.class)
              .getCopyAPI()
              .copyIn(sql, ByteStreamWriter.of(bytes));
    } catch (SQLException | IOException e) {
      throw failed(e);
    }
  }

  /// Hands over what `copy ... to stdout` writes, as it comes: a row at a time, the first with the
  /// head of the whole before it.
  public void copyOut(String sql, Consumer<byte[]> each) {
    try {
      CopyOut copy = connection.unwrap(PGConnection.class).getCopyAPI().copyOut(sql);
      for (byte[] bytes = copy.readFromCopy(); bytes != null; bytes = copy.readFromCopy()) {
        each.accept(bytes);
      }
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  private static void fill(PreparedStatement statement, @Nullable Object... parameters)
      throws SQLException {
    for (int i = 0; i < parameters.length; i++) {
      @Nullable Object value = parameters[i];
      statement.setObject(
          i + 1, plain(value instanceof Optional<?> optional ? optional.orElse(null) : value));
    }
  }

  private static @Nullable Object plain(@Nullable Object value) {
    return value instanceof Instant moment ? moment.atOffset(ZoneOffset.UTC) : value;
  }

  public static UUID uuid(ResultSet row, int column) throws SQLException {
    return row.getObject(column, UUID.class);
  }

  public static Instant instant(ResultSet row, int column) throws SQLException {
    return row.getTimestamp(column).toInstant();
  }

  private static DbClientException failed(Exception cause) {
    return new DbClientException("a statement has failed", cause);
  }
}
