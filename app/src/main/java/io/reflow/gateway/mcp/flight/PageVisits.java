package io.reflow.gateway.mcp.flight;

import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Feed;
import io.reflow.gateway.upstream.Interest;
import io.reflow.gateway.upstream.Listener;
import io.reflow.gateway.upstream.Reach;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The pages that targets have sent users of stateless clients to. Each visit listens to its target
/// from the moment the client is told of it, so that a call that has to wait for it knows when the
/// user is through.
///
/// See
/// <https://modelcontextprotocol.io/specification/2025-11-25/client/elicitation#url-elicitation-required-error>
public final class PageVisits implements AutoCloseable {

  static final int MOST_OF_USER = 20;
  static final int MOST = 2000;

  /// How long a target may take to notice that the user has been there.
  private static final Duration NOTICED = Duration.ofSeconds(30);

  /// How long a client is told later of the page, so that its target is heard by then.
  private static final Duration OPENING = Duration.ofSeconds(2);

  /// How often it is asked whether the caller may still use the target.
  private static final Duration ROUND = Duration.ofSeconds(1);

  /// Whoever listens to anything at all also hears of pages.
  private static final Interest ANYTHING = new Interest(Set.of(Listener.ListKind.TOOLS), Set.of());

  private static final Logger LOG = LoggerFactory.getLogger(PageVisits.class);

  private final Map<Key, Visit> visits = new ConcurrentHashMap<>();
  private final Listening listening;
  private final Duration ttl;
  private final Duration patience;
  private volatile boolean closed;

  /// @param ttl how long a client may take to come back
  public PageVisits(Listening listening, Duration ttl) {
    this(listening, ttl, NOTICED);
  }

  PageVisits(Listening listening, Duration ttl, Duration patience) {
    this.listening = listening;
    this.ttl = ttl;
    this.patience = patience;
  }

  /// The way to hear what a target says.
  @FunctionalInterface
  public interface Listening {

    /// Returns once the target is heard.
    Feed listen(Reach reach, Interest interest, Listener listener) throws InterruptedException;
  }

  private record Key(UserId user, InstanceKey instance, Set<String> pages) {}

  private static Key key(UserId user, Reach reach, Set<String> pages) {
    return new Key(user, reach.key(), Set.copyOf(pages));
  }

  /// Listens from now on for the user to be through with these pages; returns once that is so, or
  /// can't be. Beyond what may be waited for at a time, nobody listens.
  ///
  /// @param pages by the target's ids
  /// @param stillAllowed whether the user may still use the target
  public void begin(UserId user, Reach reach, Set<String> pages, BooleanSupplier stillAllowed)
      throws InterruptedException {
    if (pages.isEmpty()) {
      return;
    }
    Key key = key(user, reach, pages);
    if (!visits.containsKey(key) && !room(user)) {
      return;
    }
    long until = System.nanoTime() + ttl.toNanos();
    Visit visit =
        visits.computeIfAbsent(
            key,
            _ -> {
              var fresh = new Visit(pages, until);
              Thread.ofVirtual()
                  .name("page-visit-" + reach.target().name())
                  .start(() -> listen(key, fresh, reach, stillAllowed));
              return fresh;
            });
    visit.until = until;
    boolean _ = visit.heard.await(OPENING.toNanos(), TimeUnit.NANOSECONDS);
  }

  private boolean room(UserId user) {
    long own = visits.keySet().stream().filter(key -> key.user().equals(user)).count();
    return !closed && own < MOST_OF_USER && visits.size() < MOST;
  }

  private void listen(Key key, Visit visit, Reach reach, BooleanSupplier stillAllowed) {
    try (Feed feed = listening.listen(reach, ANYTHING, visit)) {
      visit.heard.countDown();
      while (feed.hears() && visit.until - System.nanoTime() > 0 && stillAllowed.getAsBoolean()) {
        if (visit.over.await(ROUND.toNanos(), TimeUnit.NANOSECONDS)) {
          return;
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (GatewayException e) {
      LOG.atDebug()
          .addKeyValue("target", reach.target().name())
          .addKeyValue("reason", e.reason())
          .log("Nobody will hear when a user is through with a page");
    } finally {
      visits.remove(key, visit);
      visit.end();
    }
  }

  /// Waits until the user is through with these pages, though not for long. Where nobody listens
  /// for that, there is nothing to wait for.
  public void await(UserId user, Reach reach, Set<String> pages) throws InterruptedException {
    Visit visit = visits.get(key(user, reach, pages));
    if (visit != null) {
      boolean _ = visit.through.await(patience.toNanos(), TimeUnit.NANOSECONDS);
    }
  }

  /// Listens no longer for these pages.
  public void end(UserId user, Reach reach, Set<String> pages) {
    Visit visit = visits.remove(key(user, reach, pages));
    if (visit != null) {
      visit.end();
    }
  }

  /// How many there are.
  int count() {
    return visits.size();
  }

  @Override
  public void close() {
    closed = true;
    visits.values().forEach(Visit::end);
  }

  /// One call's pages, from the moment the client is sent there.
  private static final class Visit implements Listener {
    private final Set<String> pages = ConcurrentHashMap.newKeySet();
    private final CountDownLatch heard = new CountDownLatch(1);
    private final CountDownLatch through = new CountDownLatch(1);
    private final CountDownLatch over = new CountDownLatch(1);
    private volatile long until;

    Visit(Set<String> pages, long until) {
      this.pages.addAll(pages);
      this.until = until;
    }

    @Override
    public void elicitationCompleted(String elicitationId, RawJson params) {
      pages.remove(elicitationId);
      if (pages.isEmpty()) {
        through.countDown();
      }
    }

    @Override
    public void listChanged(ListKind kind) {}

    @Override
    public void resourceUpdated(String uri, RawJson params) {}

    void end() {
      heard.countDown();
      through.countDown();
      over.countDown();
    }
  }
}
