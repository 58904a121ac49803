package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.testing.Commands;
import io.reflow.gateway.testing.Commands.Outcome;
import io.reflow.gateway.testing.Docker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Runs `install.sh` where there is nothing but Debian, in containers of it: as root and as a user,
/// piped and from a clone. The repository that it clones holds the gateway that was built already.
class InstallOnBareDebianIT {

  private static final Duration STEP = Duration.ofMinutes(3);
  private static final String BARE = "debian:trixie-slim";
  private static final String WITH_GIT = "reflow-it-debian-git";
  private static final String PIPED = "cat /shipped/install.sh | bash -s --";

  private static final Commands HERE =
      new Commands(Docker.REPOSITORY, Map.of("DOCKER_BUILDKIT", "1"));

  @TempDir private static Path folder;

  @BeforeAll
  static void prepare() throws IOException, InterruptedException {
    Docker.require();
    Path image = Files.createDirectory(folder.resolve("image"));
    Files.writeString(
        image.resolve("Dockerfile"),
        """
        FROM debian:trixie-slim
        RUN apt-get update -q && apt-get install -qy --no-install-recommends git
        RUN useradd --create-home --shell /bin/bash somebody
        RUN git config --system --add safe.directory '*'
        RUN install -d /maven && install -m 755 /bin/false /maven/mvn
        """);
    String _ = HERE.output(STEP, "docker", "build", "--quiet", "--tag=" + WITH_GIT, "" + image);
    layOutTheRepository(Files.createDirectory(folder.resolve("shipped")));
  }

  @AfterAll
  static void removeTheImage() throws InterruptedException {
    Outcome _ = HERE.run(STEP, "docker", "image", "rm", "--force", WITH_GIT);
  }

  private static void layOutTheRepository(Path repository)
      throws IOException, InterruptedException {
    Files.createDirectories(repository.resolve("app/target/libs"));
    for (String name : List.of("install.sh", "pom.xml", "application.yaml", "compose.yaml")) {
      Files.copy(
          Docker.REPOSITORY.resolve(name),
          repository.resolve(name),
          StandardCopyOption.COPY_ATTRIBUTES);
    }
    Path jar = Path.of("target", "reflow-gateway.jar");
    assertThat(jar).as("the build makes it before these tests").exists();
    Files.copy(jar, repository.resolve("app").resolve(jar));
    try (Stream<Path> libs = Files.list(Path.of("target", "libs"))) {
      for (Path lib : libs.toList()) {
        Files.copy(lib, repository.resolve("app").resolve(lib));
      }
    }
    Commands git = new Commands(repository, Map.of("GIT_CONFIG_GLOBAL", "/dev/null"));
    String _ = git.output(STEP, "git", "init", "--quiet", "--initial-branch=main");
    String _ = git.output(STEP, "git", "add", "--all");
    String _ =
        git.output(
            STEP,
            "git",
            "-c",
            "user.name=Test",
            "-c",
            "user.email=test@example.com",
            "commit",
            "--quiet",
            "--message=Ship");
  }

  @Test
  void tellsWhatIsMissing() throws InterruptedException {
    Outcome noGit = on(BARE, "root", PIPED);
    Outcome noJdk =
        on(WITH_GIT, "somebody", PIPED + "; code=$?; ls -A ~ | grep -v ^.bash; exit $code");
    Outcome noMaven =
        on(
            WITH_GIT,
            "root",
            "cp -r /shipped /here && rm -r /here/app && "
                + "cd /here && JAVA_HOME=/jdk ./install.sh --native; code=$?; ls; exit $code");

    assertThat(noGit.output()).contains("install.sh: git is missing");
    assertThat(noGit.code()).isEqualTo(1);
    assertThat(noJdk.output())
        .contains("No containers: there is no Docker", "no JDK 25 or later found")
        .doesNotContain("reflow-gateway\n");
    assertThat(noJdk.code()).isEqualTo(1);
    assertThat(noMaven.output())
        .contains("no Maven to build it: install Maven")
        .doesNotContain("data\n");
    assertThat(noMaven.code()).isEqualTo(1);
  }

  @Test
  void leavesNothingWhereTheRepositoryCanNotBeReached() throws InterruptedException {
    Outcome outcome =
        on(
            WITH_GIT,
            "somebody",
            """
            export JAVA_HOME=/jdk REFLOW_REPOSITORY=https://git.invalid/gateway.git
            PATH=$PATH:/maven
            %s; code=$?; ls -A ~; exit $code
            """
                .formatted(PIPED));

    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.output())
        .contains("https://git.invalid/gateway.git can't be cloned")
        .doesNotContain("reflow-gateway.");
  }

  @Test
  void doesNothingWhenItArrivesCutOff() throws InterruptedException {
    Outcome outcome =
        on(
            WITH_GIT,
            "somebody",
            "head -c -20 /shipped/install.sh | bash; ls -A ~ | grep reflow; echo the end");

    assertThat(outcome.output()).endsWith("the end\n").doesNotContain("Cloning", "reflow-gateway");
  }

  @ParameterizedTest
  @ValueSource(strings = {"root", "somebody"})
  void installsPipedAndFromTheClone(String user) throws InterruptedException {
    Outcome outcome =
        on(
            WITH_GIT,
            user,
            """
            set -e
            export JAVA_HOME=/jdk REFLOW_REPOSITORY=file:///shipped PORT=3300
            PATH=$PATH:/maven
            secret() { cksum <data/secrets/jwt.secret; }
            echo "--- piped"; %1$s --port $PORT
            echo "--- again"; %1$s --port $PORT
            cd ~/reflow-gateway
            echo "--- from the clone"; ./install.sh --detach --port $PORT
            echo "--- taken"; ./install.sh --detach --data /tmp/other --port $PORT || echo "code $?"
            test ! -e /tmp/other
            secret >/tmp/secret
            echo "--- stopped"; %1$s --stop
            echo "--- started"; ./install.sh --detach --port $PORT
            secret | cmp - /tmp/secret && echo the same
            echo "--- uninstalled"; ./install.sh --uninstall
            secret | cmp - /tmp/secret
            ./install.sh --uninstall --purge
            echo "--- left"; ls
            """
                .formatted(PIPED));

    String[] parts = outcome.output().split("--- ", -1);
    assertThat(outcome.code()).as(outcome.output()).isZero();
    assertThat(parts[1]).contains("Cloning file:///shipped", "The gateway is ready.");
    assertThat(parts[2]).contains("up to date", "runs already");
    assertThat(parts[3]).contains("runs already");
    assertThat(parts[4]).contains("port 3300 is taken by another program", "code 1");
    assertThat(parts[5]).contains("The gateway is stopped");
    assertThat(parts[6]).contains("The gateway is ready.", "the same");
    assertThat(parts[7]).contains("is stopped", "State and secrets are left in", "is removed");
    assertThat(parts[8]).contains("install.sh").doesNotContain("data");
  }

  /// Runs a script in a container that has no network.
  private static Outcome on(String image, String user, String script) throws InterruptedException {
    List<String> command = new ArrayList<>();
    command.addAll(List.of("docker", "run", "--rm", "--init", "--network=none"));
    // What root may do on a machine: show a folder to PostgreSQL's user that is closed to it.
    command.addAll(List.of("--cap-add=SYS_ADMIN", "--security-opt=apparmor=unconfined"));
    command.add("--user=" + user);
    command.add("--env=HOME=" + (user.equals("root") ? "/root" : "/home/" + user));
    command.add("--volume=" + folder.resolve("shipped") + ":/shipped:ro");
    if (script.contains("JAVA_HOME=/jdk")) {
      command.add("--volume=" + System.getProperty("java.home") + ":/jdk:ro");
    }
    command.addAll(List.of("--workdir=/", image, "bash", "-c", script));
    return HERE.run(STEP, command.toArray(String[]::new));
  }
}
