package io.reflow.gateway.testing;

import io.reflow.gateway.config.DatabaseConfig;
import io.reflow.gateway.config.GatewayConfig;
import io.reflow.gateway.database.Database;
import io.reflow.gateway.database.DatabaseAddress;
import io.reflow.gateway.database.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/// A new, migrated database on a real PostgreSQL. One server runs for all tests of a JVM: it starts
/// with the first database and goes, data and all, with the JVM.
public final class TestDatabase implements AutoCloseable {

  private static final AtomicInteger COUNT = new AtomicInteger();
  private static final String TEMPLATE = "reflow";

  private final DatabaseAddress address;
  private final DatabaseConfig config;
  private final Database database;

  private TestDatabase(DatabaseAddress address) {
    this.address = address;
    DatabaseConfig defaults = GatewayConfig.DEFAULTS.database();
    this.config =
        new DatabaseConfig(
            Optional.of(address.host()),
            address.port(),
            address.name(),
            address.user(),
            Optional.of(address.password()),
            address.sslmode(),
            5,
            defaults.connectionTimeout(),
            defaults.lockTimeout());
    this.database = Database.connect(address, config);
  }

  /// A database that nobody else uses, with all migrations applied and nothing else in it.
  public static TestDatabase fresh() {
    DatabaseAddress server = Server.ADDRESS;
    String name = "test_" + COUNT.incrementAndGet();
    execute(server.withName("postgres"), "create database %s template reflow".formatted(name));
    return new TestDatabase(server.withName(name));
  }

  /// A pool of few connections; closed with this.
  public Database database() {
    return database;
  }

  /// Where it is: for `PostgresChanges` and the like.
  public DatabaseAddress address() {
    return address;
  }

  /// The `database` section that leads a whole gateway here.
  public DatabaseConfig config() {
    return config;
  }

  /// Runs one statement on a connection of its own: to prepare or to disturb.
  public void execute(String statement) {
    execute(address, statement);
  }

  /// Cuts every connection to this database, as a restarted server does, and lets none in until
  /// [#admit()].
  public void refuse() {
    DatabaseAddress other = address.withName("postgres");
    execute(other, "alter database %s allow_connections false".formatted(address.name()));
    disconnect();
  }

  /// Ends what [#refuse()] began.
  public void admit() {
    execute(
        address.withName("postgres"),
        "alter database %s allow_connections true".formatted(address.name()));
  }

  /// Cuts every connection to this database; new ones are let in.
  public void disconnect() {
    execute(
        address.withName("postgres"),
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = '%s'"
            .formatted(address.name()));
  }

  @Override
  public void close() {
    database.close();
    execute(
        address.withName("postgres"), "drop database %s with (force)".formatted(address.name()));
  }

  private static void execute(DatabaseAddress address, String sql) {
    try (Connection connection = connect(address);
        var statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  private static Connection connect(DatabaseAddress address) throws SQLException {
    var login = new Properties();
    login.setProperty("user", address.user());
    login.setProperty("password", address.password().reveal());
    return DriverManager.getConnection(
        "jdbc:postgresql://%s:%d/%s".formatted(address.host(), address.port(), address.name()),
        login);
  }

  /// Started when first asked for. The unpacked programs stay in the build folder for the next run.
  private static final class Server {

    static final DatabaseAddress ADDRESS = start();

    private static DatabaseAddress start() {
      Path folder = Path.of("target", "test-postgres");
      String name = "data-" + ProcessHandle.current().pid();
      EmbeddedPostgres server =
          EmbeddedPostgres.start(
              folder,
              name,
              Map.of("fsync", "off", "full_page_writes", "off", "synchronous_commit", "off"));
      Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server, folder, name)));
      DatabaseAddress address = server.address().withName(TEMPLATE);
      Database.open(address, GatewayConfig.DEFAULTS.database()).close();
      return address;
    }

    private static void stop(EmbeddedPostgres server, Path folder, String name) {
      server.close();
      try (var files = Files.newDirectoryStream(folder, name + "*")) {
        for (Path file : files) {
          delete(file);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static void delete(Path folder) throws IOException {
      try (Stream<Path> paths = Files.walk(folder)) {
        for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
  }
}
