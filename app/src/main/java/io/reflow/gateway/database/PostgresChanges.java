package io.reflow.gateway.database;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Hears PostgreSQL's notices on a connection of its own.
///
/// Reloads run on this one thread, one after the other. A reload that fails counts as a lost
/// connection: everything is loaded anew until it works.
public final class PostgresChanges implements Changes, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(PostgresChanges.class);
  private static final int POLL_MILLIS = 1_000;
  private static final int TIMEOUT_SECONDS = 5;
  private static final Duration CHECK_AFTER = Duration.ofSeconds(5);
  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

  private final DatabaseAddress address;
  private final InstantSource clock;
  private final Map<String, List<Runnable>> reloads = new ConcurrentHashMap<>();
  private final Thread thread;
  private volatile Instant confirmedAt = Instant.MIN;
  private volatile boolean lost;
  private volatile boolean closed;

  public PostgresChanges(DatabaseAddress address, InstantSource clock) {
    this.address = address;
    this.clock = clock;
    this.thread = Thread.ofVirtual().name("database-changes").unstarted(this::listen);
  }

  @Override
  public void on(String table, Runnable reload) {
    reloads.computeIfAbsent(table, _ -> new CopyOnWriteArrayList<>()).add(reload);
  }

  /// Loads everything for the first time, then listens. Register with [#on] before.
  ///
  /// @throws io.reflow.gateway.fault.GatewayException.Unavailable when the database is away
  public void start() {
    Instant now = clock.instant();
    reloadAll();
    confirmedAt = now;
    thread.start();
  }

  /// The last moment at which the connection was known to be alive and every change until then was
  /// loaded; [Instant#MIN] before the first.
  public Instant confirmedAt() {
    return confirmedAt;
  }

  /// Whether the connection has broken and there is no new one yet.
  public boolean lost() {
    return lost;
  }

  @Override
  public void close() {
    closed = true;
    if (thread.getState() == Thread.State.NEW) {
      return;
    }
    thread.interrupt();
    try {
      thread.join(Duration.ofSeconds(2));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void listen() {
    Duration pause = SHORTEST_PAUSE;
    while (!closed) {
      try (Connection connection =
          address.dataSource(TIMEOUT_SECONDS, TIMEOUT_SECONDS).getConnection()) {
        execute(connection, "listen reflow_changed");
        Instant listening = clock.instant();
        reloadAll();
        confirmedAt = listening;
        lost = false;
        pause = SHORTEST_PAUSE;
        LOG.atDebug().log("Listening to changes of the database");
        hear(connection, connection.unwrap(PGConnection.class));
      } catch (SQLException | RuntimeException e) {
        if (!closed) {
          lost = true;
          LOG.atWarn().setCause(e).log("Changes of the database can't be heard, trying again");
        }
      }
      if (!sleep(pause)) {
        return;
      }
      pause =
          pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0
              ? pause.multipliedBy(2)
              : LONGEST_PAUSE;
    }
  }

  /// A quiet connection may be a dead one, so now and then it must answer. Notices of all that was
  /// committed before arrive ahead of the answer.
  private void hear(Connection connection, PGConnection notices) throws SQLException {
    Instant checked = clock.instant();
    while (!closed) {
      reload(notices.getNotifications(POLL_MILLIS));
      Instant now = clock.instant();
      if (Duration.between(checked, now).compareTo(CHECK_AFTER) >= 0) {
        execute(connection, "select 1");
        reload(notices.getNotifications());
        confirmedAt = now;
        checked = now;
      }
    }
  }

  private void reload(PGNotification @Nullable [] notices) {
    if (notices == null) {
      return;
    }
    Set<String> tables = new TreeSet<>();
    for (PGNotification notice : notices) {
      tables.add(notice.getParameter());
    }
    tables.forEach(table -> reloads.getOrDefault(table, List.of()).forEach(Runnable::run));
  }

  private void reloadAll() {
    reloads.values().forEach(each -> each.forEach(Runnable::run));
  }

  private static void execute(Connection connection, String statement) throws SQLException {
    try (var run = connection.createStatement()) {
      run.execute(statement);
    }
  }

  private static boolean sleep(Duration pause) {
    try {
      Thread.sleep(pause);
      return true;
    } catch (InterruptedException _) {
      return false;
    }
  }
}
