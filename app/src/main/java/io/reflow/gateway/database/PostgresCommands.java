package io.reflow.gateway.database;

import io.reflow.gateway.config.SystemUser;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Runs PostgreSQL's programs as a user that PostgreSQL accepts.
///
/// An ordinary user's gateway runs them as itself. PostgreSQL refuses root, so a gateway of root
/// runs them as a user id that nobody else has; where that user can't reach the folder (`/root` is
/// closed to others), the folder is shown to it elsewhere, in a mount namespace of its own.
final class PostgresCommands {

  /// Owns the data of a server that root started. Far from the ranges that systems hand out.
  static final int SERVER_UID = 59432;

  private static final Path SHOWN_AT = Path.of("/mnt");
  private static final Duration LONGEST = Duration.ofSeconds(100);

  private final Path folder;
  private final boolean root;
  private final boolean elsewhere;

  /// @param folder holds programs and data; absolute
  PostgresCommands(Path folder) throws IOException {
    this.folder = folder;
    this.root = SystemUser.root();
    this.elsewhere = root && !Folders.othersMayPass(folder);
  }

  boolean root() {
    return root;
  }

  /// What became of a program: its exit code and all that it said.
  record Outcome(int exitCode, String output) {

    boolean done() {
      return exitCode == 0;
    }
  }

  /// Runs a program as the server's user.
  Outcome run(List<String> command) throws IOException {
    return run(command, SERVER_UID);
  }

  /// Runs a program as `uid` when the gateway is root, else as the gateway's own user.
  Outcome run(List<String> command, int uid) throws IOException {
    List<String> line = new ArrayList<>();
    if (elsewhere) {
      line.addAll(List.of("unshare", "--mount", "--", "sh", "-c"));
      line.addAll(List.of("mount --bind \"$0\" \"$1\" && shift && exec \"$@\"", folder.toString()));
      line.add(SHOWN_AT.toString());
    }
    if (root) {
      line.addAll(List.of("setpriv", "--reuid=" + uid, "--regid=" + uid, "--clear-groups"));
      line.addAll(List.of("--no-new-privs", "--inh-caps=-all", "--"));
    }
    line.addAll(command);
    return execute(line);
  }

  /// How the programs see a path below the folder.
  String seen(Path path) {
    return elsewhere ? SHOWN_AT.resolve(folder.relativize(path)).toString() : path.toString();
  }

  /// What to do when nothing could be run at all.
  String advice() {
    if (elsewhere) {
      return "the gateway runs as root and other users can't reach %s: move server.data-dir out of a closed folder, or run the gateway as an ordinary user, or set database.host"
          .formatted(folder);
    }
    return root
        ? "the gateway runs as root, which needs 'setpriv' (package util-linux) to start PostgreSQL"
            + " as another user: install it, or run the gateway as an ordinary user, or set"
            + " database.host"
        : "look into the message above, or set database.host to use a server of your own";
  }

  private static Outcome execute(List<String> line) throws IOException {
    File output = Files.createTempFile("reflow-postgres-", ".out").toFile();
    try {
      ProcessBuilder builder =
          new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(output);
      builder.directory(new File("/"));
      builder.environment().clear();
      builder.environment().put("PATH", "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
      builder.environment().put("LC_ALL", "C");
      Process process = builder.start();
      process.getOutputStream().close();
      int exitCode = await(process);
      return new Outcome(exitCode, Files.readString(output.toPath()).strip());
    } finally {
      Files.deleteIfExists(output.toPath());
    }
  }

  private static int await(Process process) throws IOException {
    try {
      if (process.waitFor(LONGEST.toSeconds(), TimeUnit.SECONDS)) {
        return process.exitValue();
      }
      process.destroyForcibly();
      throw new IOException("PostgreSQL's program did not end within %s".formatted(LONGEST));
    } catch (InterruptedException _) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while a program of PostgreSQL ran");
    }
  }
}
