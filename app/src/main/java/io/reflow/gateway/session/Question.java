package io.reflow.gateway.session;

import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.InputRequest.Answer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One question to a client, until it is answered or withdrawn.
public final class Question implements AutoCloseable {

  private static final Duration LOOK = Duration.ofSeconds(1);

  private final Questions questions;
  private final RawJson id;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private volatile Consumer<RawJson> listener = _ -> {};
  private @Nullable Answer answer;
  private final long begunAt = System.nanoTime();
  private long heardAt = begunAt;

  Question(Questions questions, RawJson id) {
    this.questions = questions;
    this.id = id;
  }

  /// The id of the request, and the progress token in it.
  public RawJson id() {
    return id;
  }

  /// `progress` hears of the client's progress. It must not block.
  public void onProgress(Consumer<RawJson> progress) {
    listener = progress;
  }

  void answer(Answer given) {
    lock.lock();
    try {
      if (answer == null) {
        answer = given;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  void progress(RawJson params) {
    lock.lock();
    try {
      heardAt = System.nanoTime();
    } finally {
      lock.unlock();
    }
    listener.accept(params);
  }

  /// Waits for the answer, no longer than `patience` from the last sign of life and `longest` from
  /// the beginning, and only while somebody can give one.
  ///
  /// @return nothing when there is none
  public Optional<Answer> await(Duration patience, Duration longest, BooleanSupplier possible)
      throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (answer == null) {
        long now = System.nanoTime();
        long left =
            Math.min(patience.toNanos() - (now - heardAt), longest.toNanos() - (now - begunAt));
        if (left <= 0 || !possible.getAsBoolean()) {
          return Optional.empty();
        }
        boolean _ = changed.await(Math.min(left, LOOK.toNanos()), TimeUnit.NANOSECONDS);
      }
      return Optional.of(answer);
    } finally {
      lock.unlock();
    }
  }

  /// Whether an answer has come.
  public boolean answered() {
    lock.lock();
    try {
      return answer != null;
    } finally {
      lock.unlock();
    }
  }

  /// From now on an answer comes too late.
  @Override
  public void close() {
    questions.remove(id);
  }
}
