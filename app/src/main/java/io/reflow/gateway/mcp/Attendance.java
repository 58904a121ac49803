package io.reflow.gateway.mcp;

import io.reflow.gateway.http.PeerWatch;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/// Looks after the calls of stateless clients that take their time. Such a client has no other way
/// to take a call back than to leave, so that somebody has to notice; and what lies between it and
/// the gateway must see now and then that the answer is still to come.
///
/// One virtual thread looks at all of them, and only while there are any: most calls are answered
/// before it looks for the first time.
final class Attendance {

  private static final Duration PERIOD = Duration.ofMillis(50);
  private static final long WATCHED_AFTER = Duration.ofMillis(50).toNanos();
  private static final long STREAMED_AFTER = Duration.ofSeconds(3).toNanos();

  private final Set<Attended> all = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean awake = new AtomicBoolean();

  /// A call that is looked after until this is closed.
  interface Care extends AutoCloseable {

    Care NONE = () -> {};

    @Override
    void close();
  }

  /// Looks after the call of the request that this thread answers.
  ///
  /// @param becomesStream whether the answer becomes an event stream when it takes long
  /// @param left runs once when the client leaves
  Care attend(ClientStream stream, boolean becomesStream, Runnable left) {
    var attended = new Attended(stream, becomesStream, PeerWatch.of(left));
    all.add(attended);
    if (!awake.get() && awake.compareAndSet(false, true)) {
      Thread.ofVirtual().name("stateless-attendance").start(this::patrol);
    }
    return attended;
  }

  private final class Attended implements Care {
    private final ClientStream stream;
    private final boolean becomesStream;
    private final PeerWatch peer;
    private final long since = System.nanoTime();

    Attended(ClientStream stream, boolean becomesStream, PeerWatch peer) {
      this.stream = stream;
      this.becomesStream = becomesStream;
      this.peer = peer;
    }

    void look() {
      long age = System.nanoTime() - since;
      if (age >= WATCHED_AFTER) {
        peer.begin();
      }
      if (becomesStream && age >= STREAMED_AFTER) {
        stream.commit();
      }
    }

    @Override
    public void close() {
      all.remove(this);
      peer.close();
    }
  }

  /// Stays for a while after the last call: the next one mostly comes soon.
  private void patrol() {
    try {
      do {
        int idle = 0;
        while (idle < 20) {
          idle = all.isEmpty() ? idle + 1 : 0;
          all.forEach(Attended::look);
          Thread.sleep(PERIOD);
        }
        awake.set(false);
        // A call may have come between the look and the yawn.
      } while (!all.isEmpty() && awake.compareAndSet(false, true));
    } catch (InterruptedException _) {
      awake.set(false);
    }
  }
}
