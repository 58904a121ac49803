package io.reflow.gateway.upstream.stdio;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.reflow.gateway.config.StdioConfig;
import io.reflow.gateway.instance.InstanceKey.Sharing;
import io.reflow.gateway.target.TargetId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Starts every child process of the gateway, contained as configured, from the one thread that
/// lives as long as the gateway: a process is killed when the thread that started it ends, so that
/// not even a killed gateway leaves it behind. What a process leaves behind itself is ended here.
public final class Spawner implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Spawner.class);

  private static final Duration LONGEST_COMMAND = Duration.ofSeconds(10);
  private static final Duration LONGEST_REMOVAL = Duration.ofMinutes(10);
  private static final String EMPTY = "chmod -R u+rwX . ; exec find . -mindepth 1 -delete";

  private static final Duration LOOK_AT_MEMORY = Duration.ofSeconds(2);
  private static final int LOOKS_BETWEEN_HOMES = 5;
  private static final String TOO_MUCH_MEMORY =
      "its processes hold more memory than stdio.limits.memory allows";

  private final Containment containment;
  private final String gatewayId;
  private final LeftHomes leftHomes;
  private final TreeMemory memory;
  private final Stragglers stragglers = new Stragglers();
  private final ConcurrentHashMap<Long, Child> living = new ConcurrentHashMap<>();
  private final Orphans orphans = new Orphans(living::containsKey);
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("spawner").factory());
  private final Thread watch;

  /// @param gatewayId the same in each run over the same data, so that what a killed gateway has
  ///   left behind can be found
  /// @throws io.reflow.gateway.config.ConfigException when processes can't be contained as they are
  ///   to be
  public Spawner(StdioConfig stdio, Path dataDir, String gatewayId) {
    this.containment = new Containment(stdio, dataDir);
    this.gatewayId = gatewayId;
    this.leftHomes = new LeftHomes(containment.homes().instances(), stdio.homeRetention());
    this.memory = new TreeMemory(stdio.limits().memory().bytes());
    boolean checked = false;
    try {
      containment.check(this::run);
      checked = true;
    } catch (IOException e) {
      throw new UncheckedIOException("it can't be tried whether child processes can be started", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while the gateway started", e);
    } finally {
      if (!checked) {
        thread.shutdown();
      }
    }
    this.watch = Thread.ofVirtual().name("limits").start(this::watch);
  }

  /// Starts the process itself. Called by the thread that starts all.
  @FunctionalInterface
  interface Start {
    Process start(Contained contained) throws IOException;
  }

  /// Starts a process with pipes.
  Child spawn(Launch launch) throws IOException, InterruptedException {
    return spawn(launch, Spawner::withPipes);
  }

  /// Starts a process in a way of one's own.
  ///
  /// @throws io.reflow.gateway.fault.GatewayException.UpstreamFailed when it may not be started, or
  ///   can't be
  Child spawn(Launch launch, Start start) throws IOException, InterruptedException {
    return spawn(containment.contain(launch, this::install), start);
  }

  /// Runs something that instances share to its end; tells whether it went well.
  private boolean install(List<String> command, Path folder, Duration longest)
      throws IOException, InterruptedException {
    return runToEnd(spawn(containment.contain(command, folder), Spawner::withoutOutput), longest);
  }

  private static boolean runToEnd(Child child, Duration longest)
      throws IOException, InterruptedException {
    try {
      child.input().close();
      return child.awaitExit(longest) && child.succeeded();
    } finally {
      child.kill();
      child.end(Duration.ZERO);
    }
  }

  /// Removes the folders of instances that nothing can use any more, and have not been used since
  /// `stdio.home-retention`. May take minutes.
  ///
  /// @param target whether there is such a target, disabled or not
  /// @param sharings all that somebody can share an instance as; empty when that is not known
  public void removeLeftHomes(Predicate<TargetId> target, Supplier<Optional<Set<Sharing>>> sharings)
      throws InterruptedException {
    var tenants =
        new LeftHomes.Tenants() {
          @Override
          public boolean exists(TargetId id) {
            return target.test(id);
          }

          @Override
          public Optional<Set<Sharing>> sharings() {
            return sharings.get();
          }
        };
    leftHomes.sweep(tenants, this::worksIn, this::remove);
  }

  private boolean worksIn(Path folder) {
    return living.values().stream().anyMatch(child -> child.contained().home().startsWith(folder));
  }

  /// What is in the folder is the instance's own, and so is what it leads to: it is removed with no
  /// more rights than the instance had.
  private boolean remove(Path home) throws IOException, InterruptedException {
    List<String> command = List.of("/bin/sh", "-c", EMPTY);
    Child child = spawn(containment.containWithin(command, home), Spawner::withoutOutput);
    if (!runToEnd(child, LONGEST_REMOVAL)) {
      return false;
    }
    containment.homes().remove(home);
    return true;
  }

  private Child spawn(Contained contained, Start start) throws IOException, InterruptedException {
    String marker = gatewayId + "/" + UUID.randomUUID();
    contained.environment().put(Stragglers.VARIABLE, marker);
    return onThread(
        () -> {
          Process process = start.start(contained);
          Child child = new Child(process, contained, marker);
          living.put(child.pid(), child);
          child.onEnd(this::ended);
          return child;
        },
        Child::kill);
  }

  /// A folder for native libraries that are unpacked once.
  Path natives() {
    return containment.homes().dataDir().resolve("native");
  }

  private static Process withPipes(Contained contained) throws IOException {
    return builder(contained).start();
  }

  private static Process withoutOutput(Contained contained) throws IOException {
    return builder(contained)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  private static ProcessBuilder builder(Contained contained) {
    return builder(contained.line(), contained.environment(), contained.home());
  }

  private static ProcessBuilder builder(
      List<String> line, Map<String, String> environment, Path directory) {
    ProcessBuilder builder = new ProcessBuilder(line).directory(directory.toFile());
    builder.environment().clear();
    builder.environment().putAll(environment);
    return builder;
  }

  /// Does something on the thread that starts all.
  ///
  /// @param unwanted takes what comes of it when the caller was interrupted meanwhile
  private <T> T onThread(Callable<T> task, Consumer<T> unwanted)
      throws IOException, InterruptedException {
    CompletableFuture<T> outcome =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return task.call();
              } catch (Exception e) {
                throw new CompletionException(e);
              }
            },
            thread);
    try {
      return outcome.get();
    } catch (InterruptedException e) {
      var _ = outcome.thenAccept(unwanted);
      throw e;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException io) {
        throw io;
      }
      throw new IOException("it could not be done", e.getCause());
    }
  }

  /// Ends what a process that has ended leaves behind.
  private void ended(Child child) throws InterruptedException {
    Contained contained = child.contained();
    try {
      // The first process of a namespace too: it ends with the sandbox only once it has said so to
      // the system, which may be later than its program begins.
      Signals.toGroup(child.pid(), Signals.Signal.KILL);
      if (!contained.namespace()) {
        stragglers.kill(child.marker());
      }
    } finally {
      boolean _ = living.remove(child.pid(), child);
      reap();
      if (!contained.namespace()) {
        contained.uid().ifPresent(this::endAllOf);
      }
    }
  }

  /// What goes wrong in one round may go well in the next.
  private void reap() {
    try {
      orphans.reap();
    } catch (RuntimeException e) {
      LOG.atWarn().setCause(e).log("Processes that have ended may stay on the list of processes");
    }
  }

  /// Ends what still runs of a user, unless another process of theirs does. Nothing can be started
  /// meanwhile.
  private void endAllOf(int uid) {
    try {
      Optional<String> _ =
          onThread(
              () -> {
                boolean shared =
                    living.values().stream()
                        .anyMatch(child -> child.contained().uid().equals(OptionalInt.of(uid)));
                return shared ? Optional.empty() : execute(containment.endAllOf(uid), Path.of("/"));
              },
              _ -> {});
    } catch (IOException | RejectedExecutionException e) {
      LOG.atWarn().setCause(e).log("Processes of an instance may be left");
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private Optional<String> run(List<String> line, Path directory)
      throws IOException, InterruptedException {
    return onThread(() -> execute(line, directory), _ -> {});
  }

  /// Runs a command to its end, and tells what it said if it failed.
  private static Optional<String> execute(List<String> line, Path directory)
      throws IOException, InterruptedException {
    // Some of it runs as the user of an instance, who could read what the gateway keeps there.
    Process process = builder(line, Map.of(), directory).redirectErrorStream(true).start();
    try (var output = process.getInputStream();
        var input = process.getOutputStream()) {
      input.close();
      // What it says is short and fits into the pipe.
      if (!process.waitFor(LONGEST_COMMAND.toSeconds(), TimeUnit.SECONDS)) {
        return Optional.of("it did not end within %d s".formatted(LONGEST_COMMAND.toSeconds()));
      }
      String said = new String(output.readAllBytes(), UTF_8).strip();
      return process.exitValue() == 0 ? Optional.empty() : Optional.of(said);
    } finally {
      var _ = process.destroyForcibly();
    }
  }

  /// Kills what an earlier run over the same data has left behind.
  ///
  /// @return how many processes there were
  public int endLeftovers() {
    return stragglers.killAllOf(gatewayId);
  }

  /// Whether a socket on this machine may belong to a contained process.
  ///
  /// @param uid whose it is
  public boolean ownsSocket(int uid, long inode) {
    return containment.owns(uid, inode);
  }

  private void watch() {
    try {
      for (int look = 1; true; look = (look + 1) % LOOKS_BETWEEN_HOMES) {
        Thread.sleep(LOOK_AT_MEMORY);
        stopTheHungry();
        if (look == 0) {
          reap();
          stopTheLarge();
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void stopTheHungry() {
    try {
      memory.tooLarge(living.values()).forEach(child -> child.stop(TOO_MUCH_MEMORY));
    } catch (RuntimeException e) {
      LOG.atWarn().setCause(e).log("The memory of instances can't be looked after");
    }
  }

  private void stopTheLarge() {
    for (Child child : living.values()) {
      try {
        containment.homes().tooLarge(child.contained().home()).ifPresent(child::stop);
      } catch (RuntimeException e) {
        LOG.atWarn().setCause(e).log("The size of an instance's folder can't be looked after");
      }
    }
  }

  @Override
  public void close() {
    watch.interrupt();
    thread.shutdown();
  }
}
