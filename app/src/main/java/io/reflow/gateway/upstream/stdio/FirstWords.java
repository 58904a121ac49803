package io.reflow.gateway.upstream.stdio;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.upstream.Upstream;
import io.reflow.gateway.upstream.era.Verdict;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// Finds out how a fresh process is to be spoken with: `server/discover` goes first, and
/// `initialize` on the same pipe when that is refused, or not answered for a while. Then whichever
/// is answered counts.
final class FirstWords {

  private final String target;
  private final Words words;
  private final Duration patience;
  private final Duration atMost;
  private final long end;

  /// What can be said.
  interface Words {

    Verdict discover(Duration timeout) throws InterruptedException;

    Upstream initialize(Duration timeout) throws InterruptedException;
  }

  /// What came of it.
  sealed interface Outcome {

    record Stateless(Verdict.Stateless verdict) implements Outcome {}

    record Session(Upstream upstream) implements Outcome {}
  }

  /// @param patience how long the first question goes unanswered before the second is put
  /// @param atMost the time for all of it
  FirstWords(String target, Words words, Duration patience, Duration atMost) {
    this.target = target;
    this.words = words;
    this.patience = patience;
    this.atMost = atMost;
    this.end = System.nanoTime() + atMost.toNanos();
  }

  private Duration left() {
    return Duration.ofNanos(Math.max(1, end - System.nanoTime()));
  }

  Outcome speak() throws InterruptedException {
    try {
      return settle();
    } catch (UpstreamFailed failure) {
      // What was said last had only what was left of the time.
      throw System.nanoTime() < end ? failure : late();
    }
  }

  private UpstreamFailed late() {
    return new UpstreamFailed(
        target, "did not answer within %d ms of its start".formatted(atMost.toMillis()));
  }

  private Outcome settle() throws InterruptedException {
    try (var discovering = new Asked<>("discover", () -> words.discover(left()))) {
      Duration first = patience.compareTo(left()) < 0 ? patience : left();
      try {
        return judged(discovering.await(first));
      } catch (TimeoutException _) {
        return race(discovering);
      }
    }
  }

  private Outcome judged(Verdict verdict) throws InterruptedException {
    return switch (verdict) {
      case Verdict.Stateless stateless -> new Outcome.Stateless(stateless);
      case Verdict.Initialize() -> new Outcome.Session(words.initialize(left()));
    };
  }

  private Outcome race(Asked<Verdict> discovering) throws InterruptedException {
    try (var initializing = new Asked<>("initialize", () -> words.initialize(left()))) {
      boolean any =
          CompletableFuture.anyOf(discovering.outcome, initializing.outcome)
              .handle((_, _) -> true)
              .get(left().toNanos(), TimeUnit.NANOSECONDS);
      if (any && stateless(discovering) instanceof Verdict.Stateless verdict) {
        return new Outcome.Stateless(verdict);
      }
      try {
        return new Outcome.Session(initializing.await(left()));
      } catch (UpstreamFailed failure) {
        // A late answer to the first question is better than none to the second.
        Verdict late = discovering.outcome.isCompletedExceptionally() ? null : await(discovering);
        if (late instanceof Verdict.Stateless verdict) {
          return new Outcome.Stateless(verdict);
        }
        throw failure;
      }
    } catch (TimeoutException | ExecutionException _) {
      throw late();
    }
  }

  private static @Nullable Verdict stateless(Asked<Verdict> discovering) {
    return discovering.outcome.isDone() && !discovering.outcome.isCompletedExceptionally()
        ? discovering.outcome.join()
        : null;
  }

  private @Nullable Verdict await(Asked<Verdict> discovering) throws InterruptedException {
    try {
      return discovering.await(left());
    } catch (TimeoutException | UpstreamFailed _) {
      return null;
    }
  }

  /// A question in a thread of its own, which ends with this.
  private final class Asked<T> implements AutoCloseable {
    private final CompletableFuture<T> outcome = new CompletableFuture<>();
    private final Thread thread;

    Asked(String what, Callable<T> question) {
      this.thread =
          Thread.ofVirtual()
              .name("stdio-" + target + "-" + what)
              .start(() -> {
                try {
                  outcome.complete(question.call());
                } catch (InterruptedException e) {
                  outcome.completeExceptionally(e);
                  Thread.currentThread().interrupt();
                } catch (Exception e) {
                  outcome.completeExceptionally(e);
                }
              });
    }

    T await(Duration atMost) throws InterruptedException, TimeoutException {
      try {
        return outcome.get(atMost.toNanos(), TimeUnit.NANOSECONDS);
      } catch (ExecutionException e) {
        if (e.getCause() instanceof UpstreamFailed failure) {
          throw failure;
        }
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void close() {
      thread.interrupt();
    }
  }
}
