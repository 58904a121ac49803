package io.reflow.gateway.database;

import io.helidon.dbclient.DbClientException;
import io.reflow.gateway.fault.GatewayException.Conflict;
import io.reflow.gateway.fault.GatewayException.Unavailable;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What a failed statement means to the gateway.
final class Failures {

  private static final Logger LOG = LoggerFactory.getLogger(Failures.class);
  private static final Duration RETRY_AFTER = Duration.ofSeconds(5);

  private Failures() {}

  /// The exception to throw in place of `failure`: its own kind for a database that is away and for
  /// an entry that is there already, else `failure` itself.
  static RuntimeException meaningOf(DbClientException failure) {
    Optional<SQLException> cause = sqlCause(failure);
    if (isUnreachable(failure)) {
      return unreachable(cause.orElseThrow());
    }
    String state = cause.map(SQLException::getSQLState).orElse("");
    return state.equals("23505") ? conflict(cause.orElseThrow()) : failure;
  }

  /// Connections that fail or are cut off, and a server with no connection to spare.
  static boolean isUnreachable(Throwable failure) {
    String state = sqlCause(failure).map(SQLException::getSQLState).orElse("");
    return state.startsWith("08") || state.startsWith("57P") || state.equals("53300");
  }

  static Unavailable unreachable(SQLException cause) {
    LOG.atDebug().setCause(cause).log("The database can't be reached");
    return new Unavailable("the database can't be reached; try again soon", RETRY_AFTER);
  }

  private static Conflict conflict(SQLException cause) {
    Optional<ServerErrorMessage> message =
        cause instanceof PSQLException known
            ? Optional.ofNullable(known.getServerErrorMessage())
            : Optional.empty();
    String constraint = message.map(ServerErrorMessage::getConstraint).orElse("unique");
    return new Conflict("there is one already like it (%s)".formatted(constraint));
  }

  private static Optional<SQLException> sqlCause(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql && sql.getSQLState() != null) {
        return Optional.of(sql);
      }
    }
    return Optional.empty();
  }
}
