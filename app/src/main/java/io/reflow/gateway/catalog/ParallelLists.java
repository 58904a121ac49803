package io.reflow.gateway.catalog;

import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.telemetry.Trace;
import io.reflow.gateway.upstream.Reach;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/// Gets the same list of many targets at once: what is at hand comes at once, the rest is asked for
/// side by side, and nobody waits longer than the deadline for the slowest.
public final class ParallelLists {

  private final Catalog catalog;
  private final Duration deadline;

  public ParallelLists(Catalog catalog, Duration deadline) {
    this.catalog = catalog;
    this.deadline = deadline;
  }

  /// What became of one target's list.
  sealed interface Listed {

    record Found(Reach reach, TargetList list) implements Listed {}

    record Missing(Reach reach, GatewayException reason) implements Listed {}
  }

  /// In the order of `reaches`.
  List<Listed> all(List<Reach> reaches, ListKind kind) throws InterruptedException {
    List<Listed> result = new ArrayList<>(reaches.size());
    List<Reach> stale = new ArrayList<>();
    for (Reach reach : reaches) {
      catalog
          .fresh(reach, kind)
          .ifPresentOrElse(
              list -> result.add(new Listed.Found(reach, list)), () -> stale.add(reach));
    }
    if (stale.isEmpty()) {
      return result;
    }
    if (reaches.size() == 1) {
      return List.of(one(stale.getFirst(), kind));
    }
    return inOrder(reaches, result, sideBySide(stale, kind));
  }

  private List<Listed> sideBySide(List<Reach> reaches, ListKind kind) throws InterruptedException {
    ExecutorService threads =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("list-", 0).factory());
    try {
      Trace trace = Trace.current();
      List<Callable<Listed>> tasks =
          reaches.stream()
              .<Callable<Listed>>map(reach -> () -> trace.during(() -> one(reach, kind)))
              .toList();
      List<Future<Listed>> futures =
          threads.invokeAll(tasks, deadline.toMillis(), TimeUnit.MILLISECONDS);
      List<Listed> listed = new ArrayList<>(reaches.size());
      for (int i = 0; i < reaches.size(); i++) {
        listed.add(outcome(reaches.get(i), kind, futures.get(i)));
      }
      return listed;
    } finally {
      threads.shutdownNow();
    }
  }

  private Listed one(Reach reach, ListKind kind) throws InterruptedException {
    try {
      return new Listed.Found(reach, catalog.list(reach, kind));
    } catch (GatewayException e) {
      return new Listed.Missing(reach, e);
    }
  }

  private Listed outcome(Reach reach, ListKind kind, Future<Listed> future)
      throws InterruptedException {
    try {
      return future.get();
    } catch (CancellationException _) {
      return catalog
          .lastGood(reach, kind)
          .<Listed>map(list -> new Listed.Found(reach, list))
          .orElseGet(() -> late(reach, kind));
    } catch (ExecutionException e) {
      return new Listed.Missing(
          reach, new UpstreamFailed(reach.target().name(), "could not be listed", e));
    }
  }

  private Listed late(Reach reach, ListKind kind) {
    var failure =
        new UpstreamFailed(
            reach.target().name(),
            "did not list its features within %d s".formatted(deadline.toSeconds()));
    catalog.tooSlow(reach, kind, failure);
    return new Listed.Missing(reach, failure);
  }

  private static List<Listed> inOrder(List<Reach> reaches, List<Listed> found, List<Listed> asked) {
    List<Listed> ordered = new ArrayList<>(reaches.size());
    int nextFound = 0;
    int nextAsked = 0;
    for (Reach reach : reaches) {
      boolean isFound =
          nextFound < found.size()
              && found.get(nextFound) instanceof Listed.Found(var at, var _)
              && at.equals(reach);
      ordered.add(isFound ? found.get(nextFound++) : asked.get(nextAsked++));
    }
    return ordered;
  }
}
