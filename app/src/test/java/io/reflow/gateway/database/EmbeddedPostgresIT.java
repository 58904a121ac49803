package io.reflow.gateway.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.config.Secret;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class EmbeddedPostgresIT {

  /// Closed to other users, like root's home: the server must get along with that.
  @TempDir Path home;

  @Test
  void outlivesAKilledGatewayUntilTheNextOneTakesOver()
      throws IOException, InterruptedException, SQLException {
    Path folder = home.resolve("data").resolve("postgres");
    int leftover = startAndKill(folder);
    assertThat(answers(leftover)).isTrue();

    DatabaseAddress address;
    try (EmbeddedPostgres server = EmbeddedPostgres.start(folder)) {
      address = server.address();
      assertThat(address.port() == leftover || !answers(leftover)).isTrue();
      assertThat(setting(address, "listen_addresses")).isEqualTo("127.0.0.1");
      assertThat(setting(address, "unix_socket_directories")).isEmpty();
      assertThat(setting(address, "fsync")).isEqualTo("on");
      assertThat(setting(address, "data_checksums")).isEqualTo("on");
      assertThat(setting(address, "password_encryption")).isEqualTo("scram-sha-256");
      assertThatThrownBy(() -> setting(withPassword(address, "wrong"), "fsync"))
          .isInstanceOf(SQLException.class);
      assertThat(
              PosixFilePermissions.toString(
                  Files.getPosixFilePermissions(folder.resolve("data.password"))))
          .isEqualTo("rw-------");
      assertThatThrownBy(() -> EmbeddedPostgres.start(folder))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("another gateway");
    }
    assertThat(answers(address.port())).isFalse();
  }

  @Test
  void isStartedAgainWhenItDies() throws IOException, InterruptedException, SQLException {
    Path folder = home.resolve("postgres");
    try (EmbeddedPostgres server = EmbeddedPostgres.start(folder)) {
      DatabaseAddress address = server.address();
      execute(address, "create table kept (x int)");
      Path pidFile = folder.resolve("data").resolve("postmaster.pid");
      long pid = pid(pidFile).orElseThrow();

      assertThat(ProcessHandle.of(pid).orElseThrow().destroyForcibly()).isTrue();

      UpstreamFixtures.await(
          () -> pid(pidFile).filter(now -> now != pid).isPresent() && serves(address));
      execute(address, "insert into kept values (1)");
      assertThat(setting(address, "fsync")).isEqualTo("on");
    }
  }

  /// Empty while the server is down, or writes the file.
  private static Optional<Long> pid(Path pidFile) {
    try {
      return Optional.of(Long.valueOf(Files.readAllLines(pidFile).getFirst().strip()));
    } catch (IOException | RuntimeException _) {
      return Optional.empty();
    }
  }

  private static boolean serves(DatabaseAddress address) {
    try {
      execute(address, "select 1");
      return true;
    } catch (SQLException _) {
      return false;
    }
  }

  private static void execute(DatabaseAddress address, String statement) throws SQLException {
    try (var connection = address.dataSource(5, 5).getConnection();
        var run = connection.createStatement()) {
      boolean _ = run.execute(statement);
    }
  }

  private static int startAndKill(Path folder) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                DoomedServer.class.getName(),
                folder.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (var said = process.inputReader(StandardCharsets.UTF_8)) {
      String line = said.readLine();
      while (line != null && !line.matches("\\d+")) {
        line = said.readLine();
      }
      assertThat(line).as("the port").isNotNull();
      assertThat(process.toHandle().destroyForcibly()).isTrue();
      assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
      return Integer.parseInt(line);
    }
  }

  private static String setting(DatabaseAddress address, String name) throws SQLException {
    try (var connection = address.dataSource(5, 5).getConnection();
        var statement = connection.createStatement();
        var row = statement.executeQuery("show " + name)) {
      assertThat(row.next()).isTrue();
      return row.getString(1);
    }
  }

  private static DatabaseAddress withPassword(DatabaseAddress address, String password) {
    return new DatabaseAddress(
        address.host(),
        address.port(),
        address.name(),
        address.user(),
        new Secret(password),
        address.sslmode());
  }

  private static boolean answers(int port) {
    try (var _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return true;
    } catch (IOException _) {
      return false;
    }
  }
}
