package io.reflow.gateway.database;

import io.reflow.gateway.config.Secret;
import io.reflow.gateway.config.SystemUser;
import io.reflow.gateway.database.PostgresCommands.Outcome;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The PostgreSQL that the gateway brings along, for when no `database.host` is configured.
///
/// It lives in one folder: the programs, the data (which an update of the programs leaves alone),
/// and the generated password, readable by the owner only. It listens on 127.0.0.1 on a port chosen
/// at each start, asks for the password, and runs in a session of its own, so that a Ctrl-C meant
/// for the gateway does not reach it. Only one gateway at a time can use a folder; a server that a
/// killed gateway left running is stopped first. A server that dies is started again on its port.
public final class EmbeddedPostgres implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedPostgres.class);
  private static final String USER = "reflow";
  private static final String PID_FILE = "postmaster.pid";
  private static final int PORT_ATTEMPTS = 5;
  private static final Duration PERIOD = Duration.ofMillis(500);
  private static final Duration SECOND_LOOK = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);
  private static final Map<String, String> SETTINGS =
      Map.ofEntries(
          Map.entry("listen_addresses", "127.0.0.1"),
          Map.entry("unix_socket_directories", "''"),
          Map.entry("max_connections", "60"),
          Map.entry("timezone", "UTC"),
          Map.entry("log_timezone", "UTC"),
          Map.entry("logging_collector", "on"),
          Map.entry("log_filename", "postgresql-%a.log"),
          Map.entry("log_truncate_on_rotation", "on"),
          Map.entry("log_rotation_age", "1d"),
          Map.entry("log_rotation_size", "0"),
          Map.entry("log_checkpoints", "off"),
          // Neither statements nor rows belong into its log: they can hold personal data.
          Map.entry("log_min_error_statement", "panic"),
          Map.entry("log_error_verbosity", "terse"));

  private final Path folder;
  private final Path data;
  private final Path passwordFile;
  private final Path programs;
  private final PostgresCommands commands;
  private final FileChannel lock;
  private final Secret password;
  private final Map<String, String> furtherSettings;
  private final Thread watch;
  private int port;
  private volatile boolean closed;

  private EmbeddedPostgres(
      Path folder, String name, Map<String, String> furtherSettings, FileChannel lock)
      throws IOException {
    this.folder = folder;
    this.data = folder.resolve(name);
    this.passwordFile = folder.resolve(name + ".password");
    this.lock = lock;
    this.programs = new PostgresBinaries(folder).unpacked().resolve("bin");
    this.commands = new PostgresCommands(folder);
    this.password = readOrMakePassword();
    this.furtherSettings = Map.copyOf(furtherSettings);
    this.watch = Thread.ofVirtual().name("database-watch").unstarted(this::watch);
  }

  /// Starts the server of a folder, which is made at the first start.
  ///
  /// @throws IllegalStateException saying what failed and what to do about it
  public static EmbeddedPostgres start(Path folder) {
    return start(folder, "data", Map.of());
  }

  /// The same for one of several servers that share a folder, and so the unpacked programs. Each
  /// has its data under a name of its own.
  public static EmbeddedPostgres start(
      Path folder, String name, Map<String, String> furtherSettings) {
    try {
      Path home = prepare(folder);
      FileChannel lock = lock(home, name);
      try {
        var server = new EmbeddedPostgres(home, name, furtherSettings, lock);
        server.initialize();
        server.stopLeftover();
        server.startServer();
        server.watch.start();
        return server;
      } catch (IOException | RuntimeException e) {
        lock.close();
        throw e;
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the built-in PostgreSQL in %s".formatted(folder), e);
    }
  }

  /// Where a database of this server is; `reflow` is there from the first start on.
  public DatabaseAddress address() {
    return new DatabaseAddress("127.0.0.1", port, USER, USER, password, "disable");
  }

  /// Stops the server: its clients are cut off, nothing that was committed is lost.
  @Override
  public void close() {
    try (lock) {
      endWatch();
      stop();
      LOG.atInfo().log("The built-in PostgreSQL has stopped");
    } catch (IOException e) {
      throw new UncheckedIOException("the built-in PostgreSQL could not be stopped", e);
    }
  }

  private static Path prepare(Path folder) throws IOException {
    Files.createDirectories(folder);
    Path home = folder.toRealPath();
    // The server's own user must get through here by name; what is secret has its own permissions.
    if (SystemUser.root()) {
      Folders.letOthersPass(home);
      Folders.letOthersPass(home.resolve("..").normalize());
    }
    return home;
  }

  private static FileChannel lock(Path home, String name) throws IOException {
    FileChannel channel =
        FileChannel.open(
            home.resolve(name + ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (channel.tryLock() != null) {
        return channel;
      }
    } catch (OverlappingFileLockException _) {
      // Held by this very process.
    }
    channel.close();
    throw new IllegalStateException(
        "another gateway is using %s: stop it, or give this one a server.data-dir of its own"
            .formatted(home));
  }

  private Secret readOrMakePassword() throws IOException {
    if (Files.exists(passwordFile)) {
      return new Secret(Files.readString(passwordFile).strip());
    }
    if (Files.isDirectory(data)) {
      throw new IllegalStateException(
          "%s is missing, which the data beside it needs: put it back, or move %s away to begin anew"
              .formatted(passwordFile, data));
    }
    byte[] random = new byte[24];
    new SecureRandom().nextBytes(random);
    String value = HexFormat.of().formatHex(random);
    Path fresh = folder.resolve(data.getFileName() + ".password.new");
    Files.deleteIfExists(fresh);
    writePrivately(fresh, value);
    Files.move(fresh, passwordFile, StandardCopyOption.ATOMIC_MOVE);
    return new Secret(value);
  }

  private static void writePrivately(Path file, String value) throws IOException {
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      var bytes = StandardCharsets.UTF_8.encode(value);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
  }

  /// Makes the data beside its place and moves it there when it is complete, so that a start that
  /// was cut off leaves nothing half done.
  private void initialize() throws IOException {
    if (Files.isDirectory(data)) {
      return;
    }
    Path fresh = folder.resolve(data.getFileName() + ".new");
    Path passwordCopy = folder.resolve(data.getFileName() + ".password.copy");
    Folders.delete(fresh);
    Files.deleteIfExists(passwordCopy);
    try {
      Files.createDirectory(fresh);
      writePrivately(passwordCopy, password.reveal());
      // initdb wants to know the name of its user, which the server's user id has none of.
      int uid = commands.root() ? namedUser() : 0;
      if (commands.root()) {
        Folders.give(fresh, uid);
        Folders.give(passwordCopy, uid);
      }
      List<String> command = new ArrayList<>();
      command.addAll(List.of(program("initdb"), "-D", commands.seen(fresh), "-U", USER));
      command.addAll(List.of("--pwfile", commands.seen(passwordCopy), "--auth=scram-sha-256"));
      command.addAll(List.of("-E", "UTF8", "--locale-provider=builtin"));
      command.addAll(List.of("--builtin-locale=C.UTF-8", "--locale=C", "--data-checksums"));
      command.add("--no-instructions");
      Outcome outcome = commands.run(command, uid);
      if (!outcome.done()) {
        throw failed("could not be set up", outcome.output());
      }
    } finally {
      Files.deleteIfExists(passwordCopy);
    }
    Files.move(fresh, data, StandardCopyOption.ATOMIC_MOVE);
  }

  private static int namedUser() throws IOException {
    List<String> users = Files.readAllLines(Path.of("/etc/passwd"));
    Map<String, Integer> ids = new TreeMap<>();
    for (String user : users) {
      String[] fields = user.split(":", 4);
      if (fields.length == 4 && !fields[2].equals("0")) {
        ids.put(fields[0], Integer.valueOf(fields[2]));
      }
    }
    return ids.getOrDefault("nobody", ids.values().stream().findFirst().orElse(1));
  }

  private void startServer() throws IOException {
    if (commands.root() && Folders.owner(data) != PostgresCommands.SERVER_UID) {
      Folders.give(data, PostgresCommands.SERVER_UID);
    }
    for (int attempt = 1; ; attempt++) {
      port = freePort();
      Outcome outcome = commands.run(startCommand());
      if (outcome.done()) {
        break;
      }
      String log = lastLines();
      boolean portTaken = log.contains("Address already in use");
      if (!portTaken || attempt == PORT_ATTEMPTS) {
        throw failed("did not start", outcome.output() + "\n" + log);
      }
    }
    makeDatabase();
    LOG.atInfo().addKeyValue("port", port).log("The built-in PostgreSQL is ready");
  }

  private List<String> startCommand() {
    Map<String, String> settings = new TreeMap<>(SETTINGS);
    settings.putAll(furtherSettings);
    StringBuilder options = new StringBuilder("-p ").append(port);
    settings.forEach(
        (name, value) -> options.append(" -c ").append(name).append('=').append(value));
    return List.of(
        program("pg_ctl"),
        "-D",
        commands.seen(data),
        "-l",
        commands.seen(data.resolve("start.log")),
        "-w",
        "-t",
        "60",
        "-o",
        options.toString(),
        "start");
  }

  private void watch() {
    try {
      while (!closed) {
        Thread.sleep(PERIOD);
        if (!lives(data)) {
          LOG.atError().log("The built-in PostgreSQL has died, starting it again");
          startAgain();
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// Only what is seen twice in a row to be dead is dead; where nothing can be seen, such as while
  /// the gateway has no file descriptor left, the server is taken to live.
  static boolean lives(Path data) throws InterruptedException {
    if (mayLive(data)) {
      return true;
    }
    Thread.sleep(SECOND_LOOK);
    return mayLive(data);
  }

  private static boolean mayLive(Path data) {
    try {
      return runs(Files.readAllLines(data.resolve(PID_FILE), StandardCharsets.ISO_8859_1));
    } catch (NoSuchFileException _) {
      return false;
    } catch (IOException | RuntimeException e) {
      LOG.atWarn().setCause(e).log("Can't see whether the built-in PostgreSQL lives");
      return true;
    }
  }

  /// What a server leaves behind that was killed may stand in the way of the next for a moment.
  private void startAgain() throws InterruptedException {
    Duration pause = PERIOD;
    while (!closed) {
      if (lives(data)) {
        return;
      }
      try {
        stopLeftover();
        Outcome outcome = commands.run(startCommand());
        if (outcome.done()) {
          LOG.atInfo().addKeyValue("port", port).log("The built-in PostgreSQL is ready again");
          return;
        }
        LOG.atError().log("{}", failed("did not start again", lastLines()).getMessage());
      } catch (IOException | RuntimeException e) {
        LOG.atError().setCause(e).log("The built-in PostgreSQL could not be started again");
      }
      Thread.sleep(pause);
      pause =
          pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0
              ? pause.multipliedBy(2)
              : LONGEST_PAUSE;
    }
  }

  private void endWatch() {
    closed = true;
    watch.interrupt();
    try {
      boolean _ = watch.join(LONGEST_PAUSE);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void makeDatabase() throws IOException {
    var source = address().withName("postgres").dataSource(10, 30);
    try (var connection = source.getConnection();
        var statement = connection.createStatement()) {
      try (var found =
          statement.executeQuery("select 1 from pg_database where datname = '" + USER + "'")) {
        if (found.next()) {
          return;
        }
      }
      statement.execute("create database " + USER);
    } catch (SQLException e) {
      stop();
      throw new IllegalStateException(
          "the built-in PostgreSQL in %s does not let the gateway in: is %s the password that belongs to its data?"
              .formatted(folder, passwordFile),
          e);
    }
  }

  /// A gateway that was killed leaves its server running; whoever holds the lock may stop it.
  private void stopLeftover() throws IOException {
    Path pidFile = data.resolve(PID_FILE);
    if (!Files.exists(pidFile)) {
      return;
    }
    List<String> lines = Files.readAllLines(pidFile, StandardCharsets.ISO_8859_1);
    if (runs(lines)) {
      LOG.atWarn().log("Stopping the PostgreSQL that an earlier gateway left running");
      stop();
    } else {
      // Its number may belong to somebody else by now, which PostgreSQL would not see.
      Files.deleteIfExists(pidFile);
    }
  }

  /// Read as bytes: the command line may be that of anybody who has the number by now.
  private static boolean runs(List<String> pidFile) throws IOException {
    if (pidFile.size() < 4) {
      return false;
    }
    Path commandLine = Path.of("/proc", pidFile.getFirst().strip(), "cmdline");
    if (!Files.isReadable(commandLine)) {
      return false;
    }
    String text = Files.readString(commandLine, StandardCharsets.ISO_8859_1);
    List<String> words = List.of(text.split("\0", -1));
    return words.getFirst().endsWith("/postgres") && words.contains(pidFile.get(1));
  }

  private void stop() throws IOException {
    Optional<Outcome> last = Optional.empty();
    for (String mode : List.of("fast", "immediate")) {
      Outcome outcome =
          commands.run(
              List.of(
                  program("pg_ctl"),
                  "-D",
                  commands.seen(data),
                  "-m",
                  mode,
                  "-w",
                  "-t",
                  "30",
                  "stop"));
      if (outcome.done() || !Files.exists(data.resolve(PID_FILE))) {
        return;
      }
      last = Optional.of(outcome);
    }
    throw failed("did not stop", last.map(Outcome::output).orElse(""));
  }

  private String program(String name) {
    return commands.seen(programs.resolve(name));
  }

  private String lastLines() throws IOException {
    StringBuilder text = new StringBuilder();
    List<Path> logs = new ArrayList<>(List.of(data.resolve("start.log")));
    Path collected = data.resolve("log");
    if (Files.isDirectory(collected)) {
      try (var files = Files.newDirectoryStream(collected)) {
        files.forEach(logs::add);
      }
    }
    for (Path log : logs) {
      List<String> lines = Files.exists(log) ? Files.readAllLines(log) : List.of();
      lines
          .subList(Math.max(0, lines.size() - 10), lines.size())
          .forEach(line -> text.append(line).append('\n'));
    }
    return text.toString().strip();
  }

  private IllegalStateException failed(String what, String output) {
    return new IllegalStateException(
        "the built-in PostgreSQL in %s %s:%n%s%n%s"
            .formatted(folder, what, output, commands.advice()));
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
