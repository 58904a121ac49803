package io.reflow.gateway.upstream;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.protocol.RawJson;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// A request that waits for its answer. Made by the thread that waits; answered once by another:
/// what comes later is dropped.
public final class PendingCall {

  private static final long A_MOMENT = 10_000;

  private final String target;
  private final UpstreamCall call;
  private final Duration idleTimeout;
  private final Duration maxDuration;
  private final Caller caller;
  private final ReentrantLock pausing = new ReentrantLock();
  private int pauses;
  private int questions;
  private long pausedAt;
  private volatile boolean paused;
  private volatile long lostTime;
  private final Thread waiting = Thread.currentThread();
  private final long startedAt = System.nanoTime();
  private final AtomicReference<Stage> stage = new AtomicReference<>(Stage.PARKING);
  private volatile long heardAt = startedAt;
  private volatile @Nullable Outcome outcome;

  public PendingCall(String target, UpstreamCall call, Caller caller) {
    this.target = target;
    this.call = call;
    this.idleTimeout = call.idleTimeout();
    this.maxDuration = call.maxDuration();
    this.caller = caller;
  }

  private sealed interface Outcome {
    record Answered(Answer answer) implements Outcome {}

    record Failed(String what) implements Outcome {}
  }

  /// What the waiting thread does, and so how it is woken: by an unpark, or out of its sending by
  /// an interrupt, which is over before it goes on.
  private enum Stage {
    PARKING,
    SENDING,
    INTERRUPTING,
    INTERRUPTED
  }

  /// Sends the request, for as long as it takes.
  @FunctionalInterface
  public interface Sending {
    void send() throws InterruptedException;
  }

  /// Tells a silence that lasted too long from every other failure.
  public static final class SilentTooLong extends Exception {
    private static final long serialVersionUID = 1;

    private SilentTooLong(String what) {
      super(what, null, false, false);
    }

    public String what() {
      return String.valueOf(getMessage());
    }
  }

  public UpstreamCall call() {
    return call;
  }

  public Caller caller() {
    return caller;
  }

  /// Counts the questions that are asked in the middle of the call.
  ///
  /// @return 1 for the first one
  int nextQuestion() {
    pausing.lock();
    try {
      return ++questions;
    } finally {
      pausing.unlock();
    }
  }

  /// Stops the clock: it is not the target's fault that somebody has to think. Ends with as many
  /// calls of [#resume()].
  ///
  /// @return how many have to think
  public int pause() {
    pausing.lock();
    try {
      if (pauses == 0) {
        pausedAt = System.nanoTime();
        paused = true;
      }
      return ++pauses;
    } finally {
      pausing.unlock();
    }
  }

  public void resume() {
    pausing.lock();
    try {
      if (--pauses == 0) {
        heard();
        long before = lostTime;
        lostTime = before + System.nanoTime() - pausedAt;
        paused = false;
      }
    } finally {
      pausing.unlock();
    }
  }

  public void answer(Answer answer) {
    settle(new Outcome.Answered(answer));
  }

  /// Ends the wait with an [UpstreamFailed]: `what` goes on the sentence "target 'x' ...".
  public void fail(String what) {
    settle(new Outcome.Failed(what));
  }

  /// The same, and whatever the request is being sent with is broken off.
  public void breakOff(String what) {
    fail(what);
    stopSending();
  }

  private void stopSending() {
    if (stage.compareAndSet(Stage.SENDING, Stage.INTERRUPTING)) {
      waiting.interrupt();
      stage.set(Stage.INTERRUPTED);
    }
  }

  private void settle(Outcome reached) {
    if (outcome == null) {
      outcome = reached;
      LockSupport.unpark(waiting);
    }
  }

  /// A sign of life: the time of silence starts anew.
  public void heard() {
    heardAt = System.nanoTime();
  }

  public void progress(RawJson params) {
    heard();
    if (outcome == null) {
      caller.progress(params);
    }
  }

  public void log(RawJson params) {
    heard();
    if (outcome == null) {
      caller.log(params);
    }
  }

  public boolean settled() {
    return outcome != null;
  }

  /// Nanoseconds until the call has to end; not positive when it is late.
  public long remaining() {
    if (paused) {
      return idleTimeout.toNanos();
    }
    long now = System.nanoTime();
    return Math.min(
        idleTimeout.toNanos() - (now - heardAt),
        maxDuration.toNanos() - (now - startedAt - lostTime));
  }

  void wakeIfLate() {
    if (remaining() <= 0) {
      LockSupport.unpark(waiting);
      stopSending();
    }
  }

  /// Waits in the thread that made this.
  ///
  /// @throws SilentTooLong when the target has to be told that nobody waits any more
  public Answer await(Patience patience) throws InterruptedException, SilentTooLong {
    patience.watch(this);
    try {
      return await();
    } finally {
      patience.forget(this);
    }
  }

  /// The same, after the request was sent by this thread too. When the call is late or broken off
  /// meanwhile, the sending is interrupted.
  public Answer await(Patience patience, Sending sending)
      throws InterruptedException, SilentTooLong {
    patience.watch(this);
    try {
      if (interrupted(sending) && outcome == null) {
        throw givenUp();
      }
      return await();
    } finally {
      patience.forget(this);
    }
  }

  /// True when it was not somebody else who has interrupted it.
  private boolean interrupted(Sending sending) throws InterruptedException {
    boolean interrupted = false;
    stage.set(Stage.SENDING);
    try {
      if (outcome == null) {
        sending.send();
      }
    } catch (InterruptedException _) {
      interrupted = true;
    } finally {
      if (!stage.compareAndSet(Stage.SENDING, Stage.PARKING)) {
        awaitInterrupt();
      }
    }
    boolean ours = stage.get() == Stage.INTERRUPTED;
    if (interrupted && !ours) {
      fail("was given up");
      throw new InterruptedException();
    }
    return ours;
  }

  /// It comes at once. The thread has to have it before it does anything else.
  private void awaitInterrupt() {
    while (stage.get() != Stage.INTERRUPTED) {
      LockSupport.parkNanos(this, A_MOMENT);
    }
    boolean _ = Thread.interrupted();
  }

  private SilentTooLong givenUp() {
    fail("was given up");
    return new SilentTooLong(lateness());
  }

  private Answer await() throws InterruptedException, SilentTooLong {
    @Nullable Outcome reached = outcome;
    while (reached == null) {
      if (remaining() <= 0) {
        throw givenUp();
      }
      LockSupport.park(this);
      if (Thread.interrupted()) {
        fail("was given up");
        throw new InterruptedException();
      }
      reached = outcome;
    }
    return switch (reached) {
      case Outcome.Answered(var answer) -> answer;
      case Outcome.Failed(var what) -> throw new UpstreamFailed(target, what);
    };
  }

  private String lateness() {
    boolean silent = System.nanoTime() - heardAt >= idleTimeout.toNanos();
    return "did not answer within " + inWords(silent ? idleTimeout : maxDuration);
  }

  private static String inWords(Duration duration) {
    return duration.toMillis() % 1000 == 0
        ? duration.toSeconds() + " s"
        : duration.toMillis() + " ms";
  }
}
