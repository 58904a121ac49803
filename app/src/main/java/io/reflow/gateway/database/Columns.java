package io.reflow.gateway.database;

import io.helidon.dbclient.DbClientException;
import io.helidon.dbclient.DbRow;
import java.sql.Array;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Reads columns of a row as the types that stores use, and turns those into parameters.
///
/// | column | read | as a parameter |
/// |---|---|---|
/// | `uuid` | [#uuid] | the [UUID] itself |
/// | `text`, `jsonb` | [#text] | the String itself |
/// | `text[]` | [#texts] | [#parameter(List)] |
/// | `timestamptz` | [#instant] | [#parameter(Instant)] |
///
/// Strings have no type on their way to the server, which finds it out from the column they go to.
/// Where there is no column to tell (`:name is null`), write `cast(:name as text)`. Each column has
/// an `optional…` twin for what may be null; a null where there must not be one is a
/// [DbClientException].
public final class Columns {

  private Columns() {}

  public static UUID uuid(DbRow row, String column) {
    return present(optionalUuid(row, column), column);
  }

  public static Optional<UUID> optionalUuid(DbRow row, String column) {
    return value(row, column).map(UUID.class::cast);
  }

  public static String text(DbRow row, String column) {
    return present(optionalText(row, column), column);
  }

  public static Optional<String> optionalText(DbRow row, String column) {
    return value(row, column).map(Object::toString);
  }

  public static Instant instant(DbRow row, String column) {
    return present(optionalInstant(row, column), column);
  }

  public static Optional<Instant> optionalInstant(DbRow row, String column) {
    return value(row, column).map(value -> ((Timestamp) value).toInstant());
  }

  public static long number(DbRow row, String column) {
    return present(optionalNumber(row, column), column);
  }

  public static Optional<Long> optionalNumber(DbRow row, String column) {
    return value(row, column).map(value -> ((Number) value).longValue());
  }

  public static boolean flag(DbRow row, String column) {
    return present(value(row, column).map(Boolean.class::cast), column);
  }

  public static List<String> texts(DbRow row, String column) {
    try {
      return List.of((String[]) ((Array) present(value(row, column), column)).getArray());
    } catch (SQLException e) {
      throw new DbClientException("column %s can't be read as text[]".formatted(column), e);
    }
  }

  /// A moment as the value of a `timestamptz` parameter.
  public static OffsetDateTime parameter(Instant moment) {
    return moment.atOffset(ZoneOffset.UTC);
  }

  /// Texts as the value of a `text[]` parameter.
  public static String[] parameter(List<String> texts) {
    return texts.toArray(String[]::new);
  }

  private static Optional<Object> value(DbRow row, String column) {
    @Nullable Object value = row.column(column).get(Object.class);
    return Optional.ofNullable(value);
  }

  private static <T> T present(Optional<T> value, String column) {
    return value.orElseThrow(() -> new DbClientException("column %s is null".formatted(column)));
  }
}
