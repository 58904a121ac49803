package io.reflow.gateway.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// The `stdio` section: targets that run as child processes.
///
/// @param sandbox how they are contained; nothing means [Sandbox#NONE], which in production has to
///   be chosen by hand
/// @param homeRetention how long the folders of instances stay that nothing can use any more
public record StdioConfig(
    int maxProcesses,
    int maxProcessesPerTarget,
    int maxProcessesPerUser,
    Duration startTimeout,
    Duration probeTimeout,
    Duration idleTimeout,
    Duration maxLifetime,
    Duration stopGrace,
    int stderrLines,
    Optional<Sandbox> sandbox,
    int firstUid,
    int uids,
    List<String> visible,
    List<String> allowedCommands,
    boolean sharedPackages,
    Duration homeRetention,
    Limits limits) {

  private static final int LARGEST_UID = 2_000_000_000;

  /// How child processes are kept from the gateway, from each other and from the machine.
  public enum Sandbox {
    NONE,
    USER,
    BUBBLEWRAP;

    public String wireName() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /// What one process, or all processes of an instance, may use; 0 is no limit.
  ///
  /// @param memory of an instance, and so of each process: its heap and all else that it writes to
  ///   and shares with nobody
  /// @param processes with their threads, where processes are contained
  /// @param openFiles of one process
  /// @param homeSize of the folder that belongs to an instance
  public record Limits(DataSize memory, int processes, int openFiles, DataSize homeSize) {

    private static final DataSize NONE = new DataSize(0);
    private static final DataSize MOST = DataSize.ofMebibytes(1L << 30);

    static final Limits DEFAULTS =
        new Limits(DataSize.ofMebibytes(4096), 512, 4096, DataSize.ofMebibytes(4096));

    public Limits {
      new Check("stdio.limits")
          .size("memory", memory, NONE, MOST)
          .range("processes", processes, 0, 4_000_000)
          .range("open-files", openFiles, 0, 1_000_000_000)
          .size("home-size", homeSize, NONE, MOST)
          .orThrow();
    }
  }

  static final StdioConfig DEFAULTS =
      new StdioConfig(
          500,
          100,
          20,
          Duration.ofSeconds(60),
          Duration.ofSeconds(10),
          Duration.ofMinutes(10),
          Duration.ofHours(24),
          Duration.ofSeconds(2),
          200);

  public StdioConfig {
    visible = List.copyOf(visible);
    allowedCommands = List.copyOf(allowedCommands);
    new Check("stdio")
        .range("max-processes", maxProcesses, 1, 10_000)
        .range("max-processes-per-target", maxProcessesPerTarget, 1, 10_000)
        .range("max-processes-per-user", maxProcessesPerUser, 1, 10_000)
        .positive("start-timeout", startTimeout)
        .positive("probe-timeout", probeTimeout)
        .positive("idle-timeout", idleTimeout)
        .positive("max-lifetime", maxLifetime)
        .notNegative("stop-grace", stopGrace)
        .range("stderr-lines", stderrLines, 0, 10_000)
        .range("first-uid", firstUid, 1_000, LARGEST_UID)
        .range("uids", uids, 1, 1_000_000)
        .notNegative("home-retention", homeRetention)
        .that(
            visible.stream().allMatch(path -> Path.of(path).isAbsolute()),
            "visible",
            visible,
            "paths that begin with '/'")
        .orThrow();
  }

  /// Processes that are not contained, with the usual limits.
  public StdioConfig(
      int maxProcesses,
      int maxProcessesPerTarget,
      int maxProcessesPerUser,
      Duration startTimeout,
      Duration probeTimeout,
      Duration idleTimeout,
      Duration maxLifetime,
      Duration stopGrace,
      int stderrLines) {
    this(
        maxProcesses,
        maxProcessesPerTarget,
        maxProcessesPerUser,
        startTimeout,
        probeTimeout,
        idleTimeout,
        maxLifetime,
        stopGrace,
        stderrLines,
        Optional.empty(),
        40_000,
        10_000,
        List.of(),
        List.of(),
        true,
        Duration.ofDays(7),
        Limits.DEFAULTS);
  }

  /// How processes are contained, chosen or not.
  public Sandbox containment() {
    return sandbox.orElse(Sandbox.NONE);
  }
}
