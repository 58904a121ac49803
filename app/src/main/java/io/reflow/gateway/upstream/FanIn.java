package io.reflow.gateway.upstream;

import io.reflow.gateway.fault.GatewayException.Unavailable;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Listener.ListKind;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// What many want to be told of, gathered for each instance: a target hears of one interest, and
/// each listener hears of its own.
final class FanIn implements AutoCloseable {

  /// Whoever comes back soon finds everything as it was.
  static final Duration LINGER = Duration.ofSeconds(30);

  private static final Duration TRY_AGAIN = Duration.ofSeconds(5);

  private final Map<InstanceKey, Followed> followed = new ConcurrentHashMap<>();
  private final Followed.Way way;
  private final Duration linger;
  private volatile boolean closed;

  FanIn(Followed.Way way, Duration linger) {
    this.way = way;
    this.linger = linger;
  }

  /// Waits until the target tells of what the listener wants to know.
  ///
  /// @throws io.reflow.gateway.fault.GatewayException when that can't be arranged in time
  Feed listen(Reach reach, Interest interest, Listener listener, Duration patience)
      throws InterruptedException {
    var listening = new Listening(reach, interest, listener);
    Followed joined =
        followed.compute(
            reach.key(),
            (key, known) -> {
              Followed one = known == null ? new Followed(key, way, linger, this::leave) : known;
              one.add(listening);
              return one;
            });
    if (closed) {
      joined.stop();
      throw new Unavailable("the gateway is stopping", TRY_AGAIN);
    }
    boolean live = false;
    try {
      listening.live().get(patience.toNanos(), TimeUnit.NANOSECONDS);
      live = true;
      return new Joined(joined, listening);
    } catch (TimeoutException _) {
      throw new UpstreamFailed(reach.target().name(), "did not agree in time to tell of changes");
    } catch (ExecutionException e) {
      throw Followed.asFailure(reach, e.getCause());
    } finally {
      if (!live) {
        joined.remove(listening);
      }
    }
  }

  private record Joined(Followed followed, Listening listening) implements Feed {

    @Override
    public boolean hears() {
      return followed.hears();
    }

    @Override
    public void close() {
      followed.remove(listening);
    }
  }

  /// True when nobody has come meanwhile.
  private boolean leave(Followed one) {
    return followed.computeIfPresent(
            one.key(), (_, known) -> known == one && known.deserted() ? null : known)
        != one;
  }

  /// To be told by the instance that everything goes through; does not block.
  Listener of(InstanceKey key) {
    return new Listener() {
      @Override
      public void listChanged(ListKind kind) {
        Followed one = followed.get(key);
        if (one != null) {
          one.listChanged(kind);
        }
      }

      @Override
      public void resourceUpdated(String uri, RawJson params) {
        Followed one = followed.get(key);
        if (one != null) {
          one.resourceUpdated(uri, params);
        }
      }

      @Override
      public void elicitationCompleted(String elicitationId, RawJson params) {
        Followed one = followed.get(key);
        if (one != null) {
          one.elicitationCompleted(elicitationId, params);
        }
      }
    };
  }

  /// Lets go of the instances of a client's session that is over.
  void forgetSession(String session) {
    followed.values().stream()
        .filter(one -> one.key().session().filter(session::equals).isPresent())
        .forEach(Followed::stop);
  }

  @Override
  public void close() {
    closed = true;
    followed.values().forEach(Followed::stop);
  }
}
