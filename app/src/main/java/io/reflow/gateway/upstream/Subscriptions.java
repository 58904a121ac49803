package io.reflow.gateway.upstream;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.ServerFacts.Capability;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/// The resources that a target of the `initialize` era was asked to tell of, one by one, in one
/// session with it.
public final class Subscriptions {

  /// For what is asked for at the same time.
  private static final Duration PROMPT = Duration.ofSeconds(2);

  private static final int AT_ONCE = 16;

  private final Set<String> uris = ConcurrentHashMap.newKeySet();
  private final Set<String> refused = ConcurrentHashMap.newKeySet();
  private final Set<String> asking = ConcurrentHashMap.newKeySet();
  private volatile Set<String> latest = Set.of();
  private final Semaphore free = new Semaphore(AT_ONCE);
  private final boolean offered;
  private final Duration patience;

  /// @param patience for each of the target's answers
  public Subscriptions(ServerFacts facts, Duration patience) {
    this.offered = facts.offers(Capability.RESOURCES_SUBSCRIBE);
    this.patience = patience;
  }

  /// The way to the target.
  @FunctionalInterface
  public interface Asking {

    Answer ask(UpstreamCall call) throws InterruptedException;
  }

  /// Subscribes and unsubscribes until it is exactly these; what the target refuses is left out.
  /// Each is asked for by itself: what the target is slow with holds up the others for a moment
  /// only, and what it never answers is asked for again by the next one who asks for anything.
  ///
  /// @throws UpstreamFailed when the target takes none of what is new
  public void become(Set<String> wanted, Asking target) throws InterruptedException {
    if (!offered) {
      return;
    }
    latest = Set.copyOf(wanted);
    List<Asked> asked = new ArrayList<>();
    for (String uri : wanted) {
      if (!uris.contains(uri) && !refused.contains(uri) && asking.add(uri)) {
        asked.add(subscribe(uri, target));
      }
    }
    long end = System.nanoTime() + PROMPT.toNanos();
    for (Asked one : asked) {
      boolean _ = one.done().await(end - System.nanoTime(), TimeUnit.NANOSECONDS);
    }
    requireAny(asked);
    refused.retainAll(wanted);
    Set<String> unwanted = new HashSet<>(uris);
    unwanted.removeAll(wanted);
    for (String uri : unwanted) {
      if (uris.remove(uri)) {
        Answer _ = ask("resources/unsubscribe", uri, target);
      }
    }
  }

  private record Asked(CountDownLatch done, AtomicReference<Optional<UpstreamFailed>> failure) {}

  private Asked subscribe(String uri, Asking target) {
    var asked = new Asked(new CountDownLatch(1), new AtomicReference<>(Optional.empty()));
    Thread.ofVirtual()
        .name("subscribe")
        .start(() -> {
          try {
            if (free.tryAcquire(patience.toNanos(), TimeUnit.NANOSECONDS)) {
              try {
                subscribed(uri, target);
              } finally {
                free.release();
              }
            }
          } catch (UpstreamFailed e) {
            asked.failure().set(Optional.of(e));
          } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
          } finally {
            asking.remove(uri);
            asked.done().countDown();
          }
        });
    return asked;
  }

  /// Nobody may want it any more when the answer comes, and somebody again a moment later.
  private void subscribed(String uri, Asking target) throws InterruptedException {
    do {
      if (!(ask("resources/subscribe", uri, target) instanceof Answer.Result)) {
        refused.add(uri);
        return;
      }
      uris.add(uri);
      if (latest.contains(uri) || !uris.remove(uri)) {
        return;
      }
      Answer _ = ask("resources/unsubscribe", uri, target);
      // Whoever wants it from now on asks for it.
      asking.remove(uri);
    } while (latest.contains(uri) && asking.add(uri));
  }

  /// A target that is gone takes nothing; one that is slow with something may have taken the rest.
  private static void requireAny(List<Asked> asked) {
    List<UpstreamFailed> failures =
        asked.stream().flatMap(one -> one.failure().get().stream()).toList();
    if (!asked.isEmpty() && failures.size() == asked.size()) {
      throw failures.getFirst();
    }
  }

  private Answer ask(String method, String uri, Asking target) throws InterruptedException {
    RawJson params = RawJson.of("{\"uri\":" + JsonText.quote(uri) + "}");
    return target.ask(new UpstreamCall(method, params, OptionalLong.empty(), patience, patience));
  }
}
