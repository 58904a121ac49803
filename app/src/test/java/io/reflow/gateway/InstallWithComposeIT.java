package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.testing.Commands;
import io.reflow.gateway.testing.Commands.Outcome;
import io.reflow.gateway.testing.Docker;
import io.reflow.gateway.testing.RemoteGateway;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Runs `install.sh` where there is a Docker engine, piped and from the clone that it makes.
/// Grafana is left out, as in `ContainersIT`.
class InstallWithComposeIT {

  private static final Duration START = Duration.ofMinutes(12);
  private static final Duration STEP = Duration.ofMinutes(3);

  @TempDir private Path folder;
  private Path repository;
  private Path home;
  private int port;
  private Commands commands;

  @BeforeAll
  static void requireTheEngine() throws InterruptedException {
    Docker.require();
  }

  @BeforeEach
  void layOutTheRepository() throws IOException, InterruptedException {
    port = Docker.freePort();
    repository = Files.createDirectory(folder.resolve("shipped"));
    home = folder.resolve("a home/reflow-gateway");
    commands =
        new Commands(
            folder,
            Map.of(
                "REFLOW_REPOSITORY",
                "file://" + repository,
                "REFLOW_HOME",
                home.toString(),
                "REFLOW_VERSION",
                "it-install",
                "COMPOSE_PROJECT_NAME",
                "reflow-it-" + port,
                "COMPOSE_PROFILES",
                "none",
                "TELEMETRY_ENABLED",
                "false"));
    shell(
        """
        cd '%s'
        git ls-files -z --cached --others --exclude-standard |
          tar --null --files-from=- --ignore-failed-read -c | tar -C '%s' -x
        cd '%s'
        git init --quiet --initial-branch=main
        git add --all
        git -c user.name=Test -c user.email=test@example.com commit --quiet --message=Ship
        """
            .formatted(Docker.REPOSITORY, repository, repository));
  }

  @AfterEach
  void remove() throws InterruptedException {
    if (Files.exists(home)) {
      Outcome _ = install("--uninstall", "--purge");
    }
  }

  @Test
  void installsAndKeepsWhatThereIs() throws IOException, InterruptedException {
    Outcome first = piped("--port", "" + port);
    assertThat(first.code()).as(first.output()).isZero();
    assertThat(first.output())
        .contains("Cloning", "The gateway is ready.", home.resolve(".env").toString())
        .contains("http://localhost:%d/mcp".formatted(port));
    String secrets = Files.readString(home.resolve(".env"));
    assertThat(secrets).containsPattern("JWT_SECRET=[0-9a-f]{64}\n");
    assertThat(secrets).containsPattern("ENCRYPTION_KEY=[0-9a-f]{32}\n");
    assertThat(first.output()).doesNotContain(value(secrets, "GRAFANA_PASSWORD"));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(home.resolve(".env"))))
        .isEqualTo("rw-------");
    try (var gateway = new RemoteGateway(port)) {
      gateway.register();

      Outcome again = piped();
      assertThat(again.code()).as(again.output()).isZero();
      assertThat(again.output()).contains("up to date", "The gateway is ready.");

      assertThat(install("--stop").output()).contains("The containers are stopped");
      assertThat(containers()).isEmpty();

      Outcome started = install();
      assertThat(started.code()).as(started.output()).isZero();
      assertThat(home.resolve(".env")).hasContent(secrets);
      gateway.logIn();
    }

    assertThat(install("--uninstall").output()).contains("State and secrets are left in");
    assertThat(containers()).isEmpty();
    Files.move(home.resolve(".env"), folder.resolve("env"));
    assertThat(install("--port", "" + port).output())
        .contains("the data of an earlier installation are there");
    assertThat(install("--uninstall", "--purge").output()).doesNotContain("are left in");
    assertThat(volumes()).isEmpty();
  }

  @Test
  void takesBackAStartThatFails() throws IOException, InterruptedException {
    try (var _ = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      Outcome taken = piped("--port", "" + port);

      assertThat(taken.output()).contains("port %d, for gateway, is taken".formatted(port));
      assertThat(taken.code()).isEqualTo(1);
    }
    assertThat(home.resolve(".env")).doesNotExist();

    // A gateway that comes to nothing: in production it wants to be told of more.
    Outcome failed =
        commands
            .with("PUBLIC_URL", "https://mcp.example.com")
            .run(START, home.resolve("install.sh").toString(), "--port", "" + port);

    assertThat(failed.output()).contains("stdio.sandbox", "the containers did not start");
    assertThat(failed.code()).isEqualTo(1);
    assertThat(home.resolve(".env")).doesNotExist();
    assertThat(containers()).isEmpty();
    assertThat(volumes()).isEmpty();
  }

  private Outcome piped(String... arguments) throws InterruptedException {
    String[] command = command(List.of("bash", "-s", "--"), arguments);
    return commands.run(START, repository.resolve("install.sh"), command);
  }

  private Outcome install(String... arguments) throws InterruptedException {
    return commands.run(START, command(List.of(home.resolve("install.sh").toString()), arguments));
  }

  private static String[] command(List<String> front, String... arguments) {
    return Stream.concat(front.stream(), Stream.of(arguments)).toArray(String[]::new);
  }

  private void shell(String script) throws InterruptedException {
    String _ = commands.output(STEP, "bash", "-euo", "pipefail", "-c", script);
  }

  private String containers() throws InterruptedException {
    return ofProject(List.of("docker", "ps", "--all", "--quiet"));
  }

  private String volumes() throws InterruptedException {
    return ofProject(List.of("docker", "volume", "ls", "--quiet"));
  }

  private String ofProject(List<String> command) throws InterruptedException {
    String filter = "--filter=label=com.docker.compose.project=reflow-it-" + port;
    return commands.output(STEP, command(command, filter));
  }

  private static String value(String file, String name) {
    return file.lines()
        .filter(line -> line.startsWith(name + "="))
        .map(line -> line.substring(name.length() + 1))
        .findFirst()
        .orElseThrow();
  }
}
