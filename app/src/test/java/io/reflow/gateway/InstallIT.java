package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.testing.FakeGateway;
import io.reflow.gateway.testing.ReservedPorts;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Runs `install.sh` in a folder like the repository's, with a stand-in for the gateway.
class InstallIT {

  private record Outcome(int code, String output) {}

  private static final Path REPOSITORY = Path.of("..").toAbsolutePath().normalize();

  @TempDir private Path folder;
  private Path root;
  private Path elsewhere;
  private ReservedPorts ports;
  private int port;
  private final Map<String, String> environment = new HashMap<>();

  @BeforeEach
  void layOutTheRepository() throws IOException {
    root = Files.createDirectories(folder.resolve("a folder/reflow gateway"));
    elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
    Files.createDirectories(root.resolve("app/target/libs"));
    for (String name : List.of("install.sh", "pom.xml", "application.yaml")) {
      Files.copy(REPOSITORY.resolve(name), root.resolve(name));
    }
    writeJar(root.resolve("app/target/reflow-gateway.jar"));
    environment.put("JAVA_HOME", System.getProperty("java.home"));
    environment.put("PATH", "/usr/local/bin:/usr/bin:/bin");
    ports = ReservedPorts.inARow(2);
    port = ports.first();
  }

  @AfterEach
  void stopWhatRuns() throws IOException, InterruptedException {
    install("--stop");
    install("--stop", "--data", "state of mine");
    ports.close();
  }

  @Test
  void explainsItself() throws IOException, InterruptedException {
    assertThat(install("--help"))
        .satisfies(it -> {
          assertThat(it.code()).isZero();
          assertThat(it.output())
              .contains("--native", "--detach", "--stop", "--data DIR", "--port N");
        });
    assertThat(install("--version").output()).startsWith("Reflow Gateway ");
  }

  @Test
  void refusesWhatItDoesNotKnow() throws IOException, InterruptedException {
    for (List<String> arguments :
        List.of(
            List.of("--nonsense"),
            List.of("--port"),
            List.of("--port", "70000"),
            List.of("--port=http"),
            List.of("--data", ""))) {
      Outcome outcome = install(arguments.toArray(String[]::new));
      assertThat(outcome.code()).as(outcome.output()).isEqualTo(2);
      assertThat(outcome.output()).contains("--help");
    }
  }

  @Test
  void tellsHowToGetTheJdkWhereThereIsNone() throws IOException, InterruptedException {
    environment.put("JAVA_HOME", elsewhere.toString());
    environment.put("REFLOW_JVM_FOLDER", elsewhere.toString());
    environment.put("PATH", toolsWithoutJava().toString());

    Outcome outcome = install("--native", "--port", "" + port);

    assertThat(outcome.code()).as(outcome.output()).isEqualTo(1);
    assertThat(outcome.output()).contains("no JDK 25 or later found", "JAVA_HOME=");
    assertThat(root.resolve("data")).doesNotExist();
  }

  @Test
  void findsTheJdkInTheFolderOfTheSystem() throws IOException, InterruptedException {
    Path jdk = elsewhere.resolve("jvm/a jdk");
    for (String name : List.of("java", "javac")) {
      delegate(
          jdk.resolve("bin").resolve(name), Path.of(System.getProperty("java.home"), "bin", name));
    }
    environment.remove("JAVA_HOME");
    environment.put("REFLOW_JVM_FOLDER", elsewhere.resolve("jvm").toString());
    environment.put("PATH", toolsWithoutJava().toString());

    assertThat(install("--java-home").output()).isEqualTo(jdk + "\n");
  }

  @Test
  void keepsStateOverStopAndStart() throws IOException, InterruptedException {
    Outcome first = install("--native", "--detach", "--port", "" + port);
    Outcome again = install("--detach", "--port", "" + port);
    Outcome stopped = install("--stop");
    Outcome second = install("--native", "--detach", "--port", "" + port);

    assertThat(first.code()).as(first.output()).isZero();
    assertThat(first.output())
        .contains(
            "The gateway is ready.",
            "http://localhost:%d/mcp".formatted(port),
            "http://localhost:%d/metrics".formatted(port + 1),
            "install.sh --stop");
    assertThat(again.code()).isZero();
    assertThat(again.output()).contains("runs already");
    assertThat(stopped.code()).as(stopped.output()).isZero();
    assertThat(stopped.output()).contains("is stopped");
    assertThat(second.code()).as(second.output()).isZero();
    Path data = root.resolve("data");
    assertThat(data.resolve("starts")).hasContent("xx");
    assertThat(data.resolve("gateway.log.1")).exists();
    try (Stream<Path> files = Files.walk(data)) {
      assertThat(files.map(InstallIT::permissions)).allMatch(it -> it.endsWith("------"));
    }
  }

  @Test
  void keepsStateWhereItIsTold() throws IOException, InterruptedException {
    Outcome outcome = install("--detach", "--port=" + port, "--data", "state of mine");

    assertThat(outcome.code()).as(outcome.output()).isZero();
    assertThat(elsewhere.resolve("state of mine/starts")).exists();
    assertThat(root.resolve("data")).doesNotExist();
    assertThat(outcome.output()).contains("--stop --data ");
    assertThat(install("--stop", "--data=state of mine").output()).contains("is stopped");
  }

  @Test
  void tellsOfAPortThatIsTaken() throws IOException, InterruptedException {
    try (var _ = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      Outcome outcome = install("--detach", "--port", "" + port);

      assertThat(outcome.code()).isEqualTo(1);
      assertThat(outcome.output()).contains("port %d is taken".formatted(port));
    }
  }

  @Test
  void takesNoNoticeOfAStalePidFile() throws IOException, InterruptedException {
    Path data = Files.createDirectory(root.resolve("data"));
    Files.writeString(data.resolve("gateway.pid"), ProcessHandle.current().pid() + "\n");

    Outcome stop = install("--stop");
    Files.writeString(data.resolve("gateway.pid"), "not a number");
    Outcome start = install("--detach", "--port", "" + port);

    assertThat(stop.output()).contains("not running");
    assertThat(start.code()).as(start.output()).isZero();
  }

  @Test
  void showsTheLogOfAStartThatFailed() throws IOException, InterruptedException {
    environment.put("FAKE_FAILURE", "the moon is in the wrong quarter");

    Outcome outcome = install("--detach", "--port", "" + port);

    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.output())
        .contains("IllegalStateException: the moon is in the wrong quarter", "did not start");
    assertThat(root.resolve("data/gateway.pid")).doesNotExist();
  }

  @Test
  void runsInTheForegroundUntilItIsAskedToStop() throws IOException, InterruptedException {
    Path output = folder.resolve("output");
    Process process =
        process("--native", "--port", "" + port).redirectOutput(output.toFile()).start();
    try {
      Path starts = root.resolve("data/starts");
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
      while (!Files.exists(starts) && System.nanoTime() < deadline) {
        LockSupport.parkNanos(10_000_000);
      }
      Outcome stopped = install("--stop");

      assertThat(stopped.output()).contains("is stopped");
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(output).content().contains("Ctrl-C stops it");
    } finally {
      process.destroyForcibly();
    }
  }

  private Outcome install(String... arguments) throws IOException, InterruptedException {
    Process process = process(arguments).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Outcome(process.waitFor(), output);
  }

  private ProcessBuilder process(String... arguments) {
    List<String> command =
        Stream.concat(
                Stream.of("/bin/bash", root.resolve("install.sh").toString()), Stream.of(arguments))
            .toList();
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(elsewhere.toFile()).redirectErrorStream(true);
    builder.environment().clear();
    builder.environment().putAll(environment);
    return builder;
  }

  /// A folder with the commands that the script needs and no `java`.
  private Path toolsWithoutJava() throws IOException {
    Path tools = Files.createDirectories(folder.resolve("tools"));
    for (String name :
        List.of("bash", "dirname", "readlink", "sed", "head", "awk", "cat", "tr", "id", "rm")) {
      delegate(tools.resolve(name), Path.of("/usr/bin", name));
    }
    return tools;
  }

  private static void delegate(Path script, Path command) throws IOException {
    Files.createDirectories(script.resolveSibling("."));
    Files.writeString(script, "#!/bin/bash\nexec '%s' \"$@\"\n".formatted(command));
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
  }

  private static void writeJar(Path jar) throws IOException {
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, FakeGateway.class.getName());
    String name = FakeGateway.class.getName().replace('.', '/') + ".class";
    try (OutputStream file = Files.newOutputStream(jar);
        JarOutputStream out = new JarOutputStream(file, manifest);
        InputStream code = FakeGateway.class.getClassLoader().getResourceAsStream(name)) {
      out.putNextEntry(new JarEntry(name));
      Objects.requireNonNull(code).transferTo(out);
    }
  }

  private static String permissions(Path path) {
    try {
      return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
