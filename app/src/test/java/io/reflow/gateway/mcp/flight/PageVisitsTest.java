package io.reflow.gateway.mcp.flight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.testing.Policies;
import io.reflow.gateway.testing.UpstreamFixtures;
import io.reflow.gateway.upstream.Feed;
import io.reflow.gateway.upstream.Listener;
import io.reflow.gateway.upstream.Reach;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PageVisitsTest {

  private static final Duration LONG = Duration.ofMinutes(5);
  private static final Set<String> PAGES = Set.of("one", "other");
  private static final UserId ANN = new UserId(UUID.randomUUID());
  private static final Reach REACH = reach();

  private final List<Listener> listeners = new CopyOnWriteArrayList<>();
  private final AtomicInteger feeds = new AtomicInteger();
  private PageVisits visits = visits(LONG, LONG);

  @AfterEach
  void close() {
    visits.close();
  }

  private static Reach reach() {
    Target target = UpstreamFixtures.target("fake", UpstreamFixtures.shell("true"));
    var caller = new Identity(ANN, "ann@example.com", "user", Set.of());
    return new Reach(
        target,
        Policies.permit(caller, target.id()),
        UpstreamFixtures.shared(target),
        UpstreamFixtures.NO_INJECTION);
  }

  private PageVisits visits(Duration ttl, Duration patience) {
    return new PageVisits(
        (_, _, listener) -> {
          listeners.add(listener);
          feeds.incrementAndGet();
          return feeds::decrementAndGet;
        },
        ttl,
        patience);
  }

  private void complete(String page) {
    listeners.forEach(each -> each.elicitationCompleted(page, RawJson.EMPTY_OBJECT));
  }

  @Test
  void waitsUntilTheUserIsThroughWithAllPages() throws InterruptedException {
    visits.begin(ANN, REACH, PAGES, () -> true);
    complete("one");
    Thread waiting = Thread.ofVirtual().start(this::await);
    UpstreamFixtures.await(() -> waiting.getState() == Thread.State.TIMED_WAITING);

    complete("strange");
    assertThat(waiting.isAlive()).isTrue();
    complete("other");

    assertThat(waiting.join(Duration.ofSeconds(20))).isTrue();
  }

  @Test
  void waitsForNothingWhereTheTargetHasNoWayToSayIt() throws InterruptedException {
    visits.close();
    visits =
        new PageVisits(
            (_, _, _) ->
                new Feed() {
                  @Override
                  public boolean hears() {
                    return false;
                  }

                  @Override
                  public void close() {}
                },
            LONG,
            LONG);

    visits.begin(ANN, REACH, PAGES, () -> true);
    UpstreamFixtures.await(() -> visits.count() == 0);

    visits.await(ANN, REACH, PAGES);
  }

  private void await() {
    assertThatCode(() -> visits.await(ANN, REACH, PAGES)).doesNotThrowAnyException();
  }

  @Test
  void waitsNoLongerThanItsDeadline() throws InterruptedException {
    visits.close();
    visits = visits(LONG, Duration.ofMillis(50));
    visits.begin(ANN, REACH, PAGES, () -> true);

    visits.await(ANN, REACH, PAGES);

    assertThat(visits.count()).isOne();
  }

  @Test
  void doesNotWaitWhereNobodyListens() throws InterruptedException {
    visits.await(ANN, REACH, PAGES);
    visits.begin(ANN, REACH, PAGES, () -> true);
    visits.await(new UserId(UUID.randomUUID()), REACH, PAGES);
    visits.end(ANN, REACH, PAGES);
    visits.await(ANN, REACH, PAGES);
    visits.close();
    visits =
        new PageVisits(
            (_, _, _) -> {
              throw new UpstreamFailed("fake", "is away");
            },
            LONG,
            LONG);

    visits.begin(ANN, REACH, PAGES, () -> true);
    visits.await(ANN, REACH, PAGES);

    UpstreamFixtures.await(() -> visits.count() == 0);
  }

  @Test
  void listensNoLongerThanNeedBe() throws InterruptedException {
    visits.begin(ANN, REACH, PAGES, () -> true);
    visits.begin(ANN, REACH, PAGES, () -> true);
    assertThat(feeds).hasValue(1);
    visits.end(ANN, REACH, PAGES);
    UpstreamFixtures.await(() -> feeds.get() == 0);

    var allowed = new AtomicBoolean(true);
    visits.begin(ANN, REACH, PAGES, allowed::get);
    allowed.set(false);
    UpstreamFixtures.await(() -> feeds.get() == 0 && visits.count() == 0);

    visits.close();
    visits = visits(Duration.ofMillis(10), LONG);
    visits.begin(ANN, REACH, PAGES, () -> true);
    UpstreamFixtures.await(() -> feeds.get() == 0 && visits.count() == 0);
  }

  @Test
  void listensForNoMoreThanItMay() throws InterruptedException {
    for (int i = 0; i <= PageVisits.MOST_OF_USER; i++) {
      visits.begin(ANN, REACH, Set.of("page " + i), () -> true);
    }

    assertThat(feeds).hasValue(PageVisits.MOST_OF_USER);
    visits.close();
    UpstreamFixtures.await(() -> feeds.get() == 0);
  }
}
