package io.reflow.gateway.upstream.stdio;

import io.reflow.gateway.config.ConfigException;
import io.reflow.gateway.config.DataSize;
import io.reflow.gateway.config.Secret;
import io.reflow.gateway.config.StdioConfig;
import io.reflow.gateway.config.StdioConfig.Sandbox;
import io.reflow.gateway.config.SystemUser;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Says how a child process is contained: which programs stand in front of its own, each of which
/// gives something up and becomes the next. They are the system's (util-linux, bubblewrap), since
/// Java has no way to do anything between the start of a process and that of its program.
final class Containment {

  private static final Logger LOG = LoggerFactory.getLogger(Containment.class);

  /// What a process gets of the gateway's environment.
  private static final List<String> INHERITED = List.of("PATH", "LANG", "TMPDIR");

  /// All share `/tmp`: other users can't open what an instance makes there. A folder in its home
  /// would have a name too long for the sockets that some programs keep with their temporary files.
  private static final String PRIVATELY = "umask 077; exec \"$@\"";

  private final StdioConfig stdio;
  private final Homes homes;
  private final Packages packages;
  private final Launchers launchers;
  private final boolean dropsCapabilities = SystemUser.mayDropCapabilities();
  private final List<Path> hidden;
  private final List<Path> visible;

  Containment(StdioConfig stdio, Path dataDir) {
    this.stdio = stdio;
    this.homes = new Homes(stdio, dataDir);
    this.packages = new Packages(homes.dataDir(), stdio.startTimeout());
    this.launchers = new Launchers(stdio.containment());
    this.hidden = hidden(homes.dataDir());
    this.visible = stdio.visible().stream().map(Path::of).toList();
  }

  /// Folders that a sandbox has empty ones in place of: the gateway's data, the home of its user,
  /// and where programs have their sockets and passing files.
  private static List<Path> hidden(Path dataDir) {
    List<Path> hidden = new ArrayList<>();
    for (String name : List.of("/tmp", "/var/tmp", "/run", System.getProperty("user.home"))) {
      Path folder = Path.of(name);
      if (Files.isDirectory(folder) && !folder.equals(folder.getRoot())) {
        hidden.add(real(folder));
      }
    }
    hidden.add(dataDir);
    return hidden.stream().distinct().toList();
  }

  private static Path real(Path path) {
    try {
      return path.toRealPath();
    } catch (IOException _) {
      return path.toAbsolutePath().normalize();
    }
  }

  Homes homes() {
    return homes;
  }

  /// Tries whether processes can be contained as configured on this machine.
  ///
  /// @throws ConfigException when they can't, and somebody wants them to be
  void check(Trial trial) throws IOException, InterruptedException {
    Optional<String> obstacle = obstacle(trial);
    if (obstacle.isEmpty()) {
      return;
    }
    if (stdio.containment() != Sandbox.NONE) {
      throw new ConfigException(
          "stdio.sandbox",
          "'%s' does not work here: %s".formatted(stdio.containment().wireName(), obstacle.get()));
    }
    LOG.atWarn().log("Targets that are child processes won't work: {}", obstacle.get());
  }

  /// Runs a command to its end and tells what it said, if it failed.
  @FunctionalInterface
  interface Trial {
    Optional<String> run(List<String> line, Path directory)
        throws IOException, InterruptedException;
  }

  private Optional<String> obstacle(Trial trial) throws IOException, InterruptedException {
    if (launchers.missing().isPresent()) {
      return launchers.missing();
    }
    if (stdio.containment() == Sandbox.USER && !SystemUser.root()) {
      return Optional.of(
          "only a gateway that runs as root can run others as other users, and this one runs as"
              + " user id %d; choose bubblewrap".formatted(SystemUser.id()));
    }
    if (homes.outOfReach().isPresent()) {
      return homes.outOfReach();
    }
    Homes.Home home = homes.trial();
    List<String> line = front(home, true, false);
    line.add(launchers.path("prlimit"));
    line.add("--version");
    return trial.run(line, home.folder()).map(said -> said + advice());
  }

  private String advice() {
    return switch (stdio.containment()) {
      case BUBBLEWRAP ->
          " (bwrap makes namespaces, which the machine has to allow; containers mostly do not:"
              + " there choose user, or run the container with --security-opt seccomp=unconfined"
              + " --security-opt apparmor=unconfined --security-opt systempaths=unconfined)";
      case USER ->
          " (the gateway needs the capabilities SETUID, SETGID, SETPCAP, CHOWN, FOWNER, KILL and"
              + " DAC_OVERRIDE, and the user ids from stdio.first-uid on)";
      case NONE -> "";
    };
  }

  /// How `launch` is really started.
  ///
  /// @param installer installs what instances share
  /// @throws UpstreamFailed when it may not be started, or can't be
  Contained contain(Launch launch, Packages.Installer installer)
      throws IOException, InterruptedException {
    launchers.require(launch.target());
    if (!launch.network() && stdio.containment() != Sandbox.BUBBLEWRAP) {
      throw failed(
          launch,
          "can't be started: it is to have no network, which needs 'stdio.sandbox: bubblewrap'");
    }
    Homes.Home home = homes.open(launch.key());
    homes
        .obstacle(home.folder())
        .ifPresent(what -> {
          throw failed(launch, "can't be started: " + what);
        });
    Map<String, String> environment = environment(home);
    Path program = program(launch, environment);
    List<String> line = front(home, launch.network(), launch.onTerminal());
    line.addAll(Handover.add(launch.environment(), environment));
    if (stdio.sharedPackages()) {
      PackageRunner.Furnishing furnishing = packages.furnish(launch, program, installer);
      line.addAll(furnishing.front());
      environment.putAll(furnishing.environment());
    }
    line.add(program.toString());
    line.addAll(launch.command().subList(1, launch.command().size()));
    return contained(line, environment, home);
  }

  /// How something is started that instances share, in a folder of its own that they may read.
  Contained contain(List<String> command, Path folder) throws IOException {
    Contained contained = containWithin(command, folder);
    homes.share(folder);
    return contained;
  }

  /// How a command is started in a folder as the instance that it belongs to.
  Contained containWithin(List<String> command, Path folder) throws IOException {
    Homes.Home home = homes.open(folder);
    List<String> line = front(home, true, false);
    line.addAll(command);
    return contained(line, environment(home), home);
  }

  private Contained contained(List<String> line, Map<String, String> environment, Homes.Home home) {
    return new Contained(
        line, environment, home.folder(), home.uid(), stdio.containment() == Sandbox.BUBBLEWRAP);
  }

  /// What stands in front of a program.
  private List<String> front(Homes.Home home, boolean network, boolean onTerminal) {
    boolean sandboxed = stdio.containment() == Sandbox.BUBBLEWRAP;
    List<String> line = new ArrayList<>(session(onTerminal && !sandboxed));
    line.addAll(giveUp(home.uid()));
    if (sandboxed) {
      line.addAll(sandbox(network, home.folder()));
      if (onTerminal) {
        // Whose leader is outside a shell can't give the terminal back to.
        line.addAll(session(true));
      }
    }
    line.addAll(limits());
    if (stdio.containment() == Sandbox.USER) {
      line.addAll(List.of("/bin/sh", "-c", PRIVATELY, "sh"));
    }
    return line;
  }

  /// A session of its own.
  ///
  /// @param withTerminal whether its standard input becomes its controlling terminal
  private List<String> session(boolean withTerminal) {
    String setsid = launchers.path("setsid");
    return withTerminal ? List.of(setsid, "--ctty") : List.of(setsid);
  }

  /// Ends all processes of a user id at once, whatever they are and however fast they start others.
  List<String> endAllOf(int uid) {
    List<String> line = giveUp(OptionalInt.of(uid));
    line.addAll(List.of("/bin/sh", "-c", "kill -KILL -1"));
    return line;
  }

  /// Whether a socket may belong to a contained process: it is one of their users, or one that no
  /// process outside of a sandbox has.
  boolean owns(int uid, long inode) {
    return switch (stdio.containment()) {
      case NONE -> false;
      case USER -> homes.ofInstances(uid);
      case BUBBLEWRAP ->
          SystemUser.root()
              ? homes.ofInstances(uid)
              : uid == SystemUser.id() && !Sockets.heldBeside(inode);
    };
  }

  private static UpstreamFailed failed(Launch launch, String what) {
    return new UpstreamFailed(launch.target(), what);
  }

  private Map<String, String> environment(Homes.Home home) {
    Map<String, String> environment = new HashMap<>();
    for (String name : INHERITED) {
      String value = System.getenv(name);
      if (value != null) {
        environment.put(name, value);
      }
    }
    if (stdio.containment() != Sandbox.NONE) {
      environment.put("TMPDIR", "/tmp");
    }
    environment.put("HOME", home.folder().toString());
    return environment;
  }

  /// The process ends with the thread that started it, and can't gain what it does not have.
  private List<String> giveUp(OptionalInt uid) {
    List<String> line = new ArrayList<>();
    line.add(launchers.path("setpriv"));
    uid.ifPresent(id -> line.addAll(List.of("--reuid=" + id, "--regid=" + id, "--clear-groups")));
    if (dropsCapabilities) {
      line.add("--bounding-set=-all");
    }
    line.addAll(
        List.of("--inh-caps=-all", "--ambient-caps=-all", "--no-new-privs", "--pdeathsig=KILL"));
    line.add("--");
    return line;
  }

  private List<String> sandbox(boolean network, Path home) {
    List<String> line = new ArrayList<>();
    line.add(launchers.path("bwrap"));
    line.addAll(List.of("--die-with-parent", "--unshare-user", "--unshare-pid", "--unshare-ipc"));
    line.addAll(List.of("--unshare-uts", "--unshare-cgroup-try"));
    if (!network) {
      line.add("--unshare-net");
    }
    line.addAll(List.of("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"));
    for (Path folder : hidden) {
      DataSize most = stdio.limits().homeSize();
      if (most.bytes() > 0) {
        line.addAll(List.of("--size", Long.toString(most.bytes())));
      }
      line.addAll(List.of("--tmpfs", folder.toString()));
    }
    shown()
        .forEach(path -> line.addAll(List.of("--ro-bind-try", path.toString(), path.toString())));
    line.addAll(List.of("--bind", home.toString(), home.toString()));
    line.addAll(List.of("--chdir", home.toString(), "--"));
    return line;
  }

  /// What is seen although it lies in a hidden folder.
  private List<Path> shown() {
    List<Path> shown = new ArrayList<>(visible);
    shown.add(packages.folder());
    Path resolver = real(Path.of("/etc/resolv.conf"));
    if (isHidden(resolver) && resolver.getParent() != null) {
      shown.add(resolver);
    }
    return shown;
  }

  private boolean isHidden(Path path) {
    return hidden.stream().anyMatch(path::startsWith)
        && visible.stream().noneMatch(path::startsWith);
  }

  private List<String> limits() {
    StdioConfig.Limits limits = stdio.limits();
    List<String> line = new ArrayList<>();
    line.addAll(List.of(launchers.path("prlimit"), "--core=0"));
    limit(line, "data", limits.memory().bytes());
    limit(line, "nofile", limits.openFiles());
    limit(line, "fsize", limits.homeSize().bytes());
    if (stdio.containment() != Sandbox.NONE) {
      // Counted for each user id: outside of a sandbox that is the gateway's as well.
      limit(line, "nproc", limits.processes());
    }
    line.add("--");
    return line;
  }

  private static void limit(List<String> line, String resource, long most) {
    if (most > 0) {
      line.add("--%s=%d".formatted(resource, most));
    }
  }

  private Path program(Launch launch, Map<String, String> environment) {
    String command = launch.command().getFirst();
    if (!stdio.allowedCommands().isEmpty() && !stdio.allowedCommands().contains(command)) {
      throw failed(
          launch, "can't be started: '%s' is not among stdio.allowed-commands".formatted(command));
    }
    String searchPath =
        Optional.ofNullable(launch.environment().get("PATH"))
            .map(Secret::reveal)
            .orElseGet(() -> environment.getOrDefault("PATH", ""));
    Path program =
        Programs.find(command, searchPath)
            .orElseThrow(() ->
                failed(
                    launch,
                    "can't be started: there is no program '%s' on this machine"
                        .formatted(command)));
    if (stdio.containment() == Sandbox.BUBBLEWRAP
        && (isHidden(program) || isHidden(real(program)))) {
      throw failed(
          launch,
          "can't be started: '%s' is in a folder that the sandbox hides; name it in stdio.visible"
              .formatted(program));
    }
    return program;
  }
}
