package io.reflow.gateway.identity;

import io.reflow.gateway.fault.GatewayException.Overloaded;
import io.reflow.gateway.identity.Argon2Hash.Costs;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;

/// Passwords as Argon2id hashes in PHC format.
///
/// Only so many are computed at a time, on threads of their own: a hash takes tens of milliseconds
/// of a core and 19 MiB, and the virtual threads of other callers must not wait for one.
public final class PasswordHash implements AutoCloseable {

  /// How long a caller waits for its turn before it is told to come back.
  private static final Duration LONGEST_QUEUE = Duration.ofSeconds(1);

  /// A computation that takes longer is given up: the machine is overloaded.
  private static final Duration LONGEST_COMPUTATION = Duration.ofSeconds(30);

  private final Costs costs;
  private final Semaphore permits;
  private final ExecutorService threads;
  private final SecureRandom random = new SecureRandom();
  private final LongAdder computed = new LongAdder();

  /// Computes at most `maxConcurrent` at a time; 0 means as many as there are cores.
  public PasswordHash(int maxConcurrent) {
    this(maxConcurrent, Costs.RECOMMENDED);
  }

  PasswordHash(int maxConcurrent, Costs costs) {
    this.costs = costs;
    int concurrent = maxConcurrent > 0 ? maxConcurrent : Runtime.getRuntime().availableProcessors();
    permits = new Semaphore(concurrent, true);
    threads =
        Executors.newCachedThreadPool(
            Thread.ofPlatform().daemon().name("password-hash-", 0).factory());
  }

  /// The hash to be stored, with a salt of its own.
  ///
  /// @throws Overloaded when too many are being computed
  public String hash(String password) throws InterruptedException {
    return compute(() -> Argon2Hash.compute(password, salt(), costs).toString());
  }

  /// Whether the password belongs to the stored hash. Without a stored hash the answer is no and
  /// takes as long.
  ///
  /// @throws Overloaded when too many are being computed
  public boolean verify(String password, Optional<String> stored) throws InterruptedException {
    return compute(() -> {
      Argon2Hash expected =
          stored.map(Argon2Hash::parse).orElseGet(() -> Argon2Hash.nobodys(costs));
      return expected.matches(password) && stored.isPresent();
    });
  }

  private <T> T compute(Callable<T> work) throws InterruptedException {
    if (!permits.tryAcquire(LONGEST_QUEUE.toMillis(), TimeUnit.MILLISECONDS)) {
      throw overloaded();
    }
    return await(submit(work));
  }

  /// The permit is given back when the work is done, even if nobody waits for it any more.
  private <T> CompletableFuture<T> submit(Callable<T> work) {
    var result = new CompletableFuture<T>();
    threads.execute(() -> {
      try {
        T value = work.call();
        computed.increment();
        result.complete(value);
      } catch (Throwable e) {
        result.completeExceptionally(e);
      } finally {
        permits.release();
      }
    });
    return result;
  }

  private static <T> T await(CompletableFuture<T> result) throws InterruptedException {
    try {
      return result.get(LONGEST_COMPUTATION.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException _) {
      throw overloaded();
    } catch (ExecutionException e) {
      throw new IllegalStateException("the password hash could not be computed", e.getCause());
    }
  }

  private static Overloaded overloaded() {
    return new Overloaded(
        "too many passwords are being checked; try again in a moment", Duration.ofSeconds(1));
  }

  private byte[] salt() {
    byte[] salt = new byte[Argon2Hash.SALT_BYTES];
    random.nextBytes(salt);
    return salt;
  }

  /// How many callers wait for their turn.
  public int waiting() {
    return permits.getQueueLength();
  }

  /// How many were computed so far.
  long computed() {
    return computed.sum();
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
