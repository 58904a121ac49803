package io.reflow.gateway.upstream.stdio;

import io.reflow.gateway.config.StdioConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;

/// Starts every child process of the gateway, contained as configured, from the one thread that
/// lives as long as the gateway: a process is killed when the thread that started it ends, so that
/// not even a killed gateway leaves it behind.
public final class Spawner implements AutoCloseable {

  private final Containment containment;
  private final String gatewayId;
  private final Stragglers stragglers = new Stragglers();
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("spawner").factory());

  /// @param gatewayId the same in each run over the same data, so that what a killed gateway has
  ///   left behind can be found
  public Spawner(StdioConfig stdio, Path dataDir, String gatewayId) {
    this.containment = new Containment(stdio, dataDir);
    this.gatewayId = gatewayId;
  }

  /// Starts the process itself. Called by the thread that starts all.
  @FunctionalInterface
  public interface Start {
    Process start(List<String> line, Map<String, String> environment, Path directory)
        throws IOException;
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
    Contained contained = containment.contain(launch);
    String marker = gatewayId + "/" + UUID.randomUUID();
    contained.environment().put(Stragglers.VARIABLE, marker);
    return onThread(contained, start, process -> new Child(process, contained, marker, stragglers));
  }

  private Child onThread(Contained contained, Start start, Function<Process, Child> child)
      throws IOException, InterruptedException {
    CompletableFuture<Child> started =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return child.apply(
                    start.start(contained.line(), contained.environment(), contained.home()));
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            },
            thread);
    try {
      return started.get();
    } catch (InterruptedException e) {
      // Nobody wants it any more, whenever it comes.
      var _ = started.thenAccept(Child::kill);
      throw e;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UncheckedIOException io) {
        throw io.getCause();
      }
      throw new IOException("the process could not be started", e.getCause());
    }
  }

  private static Process withPipes(
      List<String> line, Map<String, String> environment, Path directory) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(line).directory(directory.toFile());
    builder.environment().clear();
    builder.environment().putAll(environment);
    return builder.start();
  }

  /// Kills what an earlier run over the same data has left behind.
  ///
  /// @return how many processes there were
  public int endLeftovers() {
    return stragglers.killAllOf(gatewayId);
  }

  @Override
  public void close() {
    thread.shutdown();
  }
}
