package io.reflow.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.instance.InstanceEvents;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.instance.InstancePool;
import io.reflow.gateway.instance.LastLines;
import io.reflow.gateway.instance.Lease;
import io.reflow.gateway.instance.Lifetimes;
import io.reflow.gateway.instance.Limits;
import io.reflow.gateway.instance.Starter;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.testing.Policies;
import io.reflow.gateway.testing.RecordingListener;
import io.reflow.gateway.testing.UpstreamFixtures;
import io.reflow.gateway.upstream.Listener.ListKind;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class FanInTest {

  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Interest TOOLS = new Interest(Set.of(ListKind.TOOLS), Set.of());
  private static final Interest PROMPTS = new Interest(Set.of(ListKind.PROMPTS), Set.of());

  private final Target target =
      UpstreamFixtures.target(
          "fake", new Transport.StreamableHttp(URI.create("http://fake.example/mcp")));
  private final Reach reach =
      new Reach(
          target,
          Policies.permit(
              new Identity(new UserId(UUID.randomUUID()), "a@example.com", "user", Set.of()),
              target.id()),
          UpstreamFixtures.shared(target),
          UpstreamFixtures.NO_INJECTION);

  private final List<FakeUpstream> opened = new CopyOnWriteArrayList<>();
  private final InstancePool<Upstream> pool =
      new InstancePool<>(
          "test",
          new Limits(10, 10, 10),
          new Lifetimes(
              Duration.ofMillis(40), Duration.ofHours(1), Duration.ZERO, Duration.ofMillis(10)),
          0,
          InstanceEvents.NONE);
  private final RecordingListener ann = new RecordingListener();
  private final RecordingListener bob = new RecordingListener();
  private volatile Optional<String> trouble = Optional.empty();
  private final FanIn fanIn = new FanIn(this::lease, Duration.ofSeconds(1));

  @AfterEach
  void close() {
    fanIn.close();
    pool.close();
  }

  private Lease<Upstream> lease(Reach wanted) throws InterruptedException {
    return pool.acquire(wanted.key(), new Fakes(), PATIENCE);
  }

  private final class Fakes implements Starter<Upstream> {
    @Override
    public String target() {
      return "fake";
    }

    @Override
    public Object recipe() {
      return "the same";
    }

    @Override
    public Upstream start(LastLines lines) {
      var upstream = new FakeUpstream();
      opened.add(upstream);
      return upstream;
    }
  }

  private final class FakeUpstream implements Upstream {
    private final List<Interest> followed = new CopyOnWriteArrayList<>();
    private volatile boolean dead;

    @Override
    public ServerFacts facts() {
      return new ServerFacts(
          ProtocolVersion.V2025_11_25,
          RawJson.EMPTY_OBJECT,
          RawJson.EMPTY_OBJECT,
          Optional.empty(),
          Set.of());
    }

    @Override
    public Answer call(UpstreamCall call, Caller caller) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void follow(Interest interest) {
      trouble.ifPresent(what -> {
        throw new UpstreamFailed("fake", what);
      });
      followed.add(interest);
    }

    @Override
    public boolean alive() {
      return !dead;
    }

    @Override
    public void close() {
      dead = true;
    }
  }

  private Feed listen(Interest interest, Listener listener) throws InterruptedException {
    return fanIn.listen(reach, interest, listener, PATIENCE);
  }

  private static Interest resources(String... uris) {
    return new Interest(Set.of(), Set.of(uris));
  }

  @Test
  void asksTheTargetOnceForWhatSeveralWant() throws InterruptedException {
    try (Feed _ = listen(TOOLS, ann);
        Feed _ = listen(PROMPTS, bob);
        Feed _ = listen(TOOLS, bob)) {
      assertThat(opened).hasSize(1);
      assertThat(opened.getFirst().followed)
          .containsExactly(TOOLS, new Interest(Set.of(ListKind.TOOLS, ListKind.PROMPTS), Set.of()));
    }
  }

  @Test
  void tellsEachOnlyWhatItAskedFor() throws InterruptedException {
    try (Feed _ = listen(TOOLS, ann);
        Feed _ = listen(resources("file:///a", "file:///b/"), bob)) {
      Listener source = fanIn.of(reach.key());
      source.listChanged(ListKind.TOOLS);
      source.listChanged(ListKind.RESOURCES);
      source.resourceUpdated("file:///a", RawJson.EMPTY_OBJECT);
      source.resourceUpdated("file:///a/part", RawJson.EMPTY_OBJECT);
      source.resourceUpdated("file:///b/part", RawJson.EMPTY_OBJECT);
      source.resourceUpdated("file:///ab", RawJson.EMPTY_OBJECT);

      assertThat(ann.lists()).containsExactly(ListKind.TOOLS);
      assertThat(ann.resources()).isEmpty();
      assertThat(bob.lists()).isEmpty();
      assertThat(bob.resources()).containsExactly("file:///a", "file:///a/part", "file:///b/part");
    }
  }

  @Test
  void keepsTheInstanceWhileSomebodyListens() throws InterruptedException {
    Feed feed = listen(TOOLS, ann);
    UpstreamFixtures.await(() -> pool.list(target.id()).getFirst().age().toMillis() > 200);
    assertThat(opened.getFirst().dead).isFalse();

    feed.close();
    feed.close();

    UpstreamFixtures.await(() -> opened.getFirst().dead);
    assertThat(opened.getFirst().followed).containsExactly(TOOLS, Interest.NONE);
  }

  @Test
  void whatNobodyWantsAnyMoreIsLeftOutAfterAWhile() throws InterruptedException {
    try (Feed _ = listen(TOOLS, ann)) {
      listen(resources("file:///a"), bob).close();
      listen(resources("file:///a"), bob).close();

      UpstreamFixtures.await(() -> opened.getFirst().followed.getLast().equals(TOOLS));
      assertThat(opened.getFirst().followed).hasSize(3);
    }
  }

  @Test
  void followsTheNextInstanceAndTellsThatAllMayHaveChanged() throws InterruptedException {
    try (Feed _ = listen(new Interest(Set.of(ListKind.TOOLS), Set.of("file:///a")), ann);
        Feed _ = listen(PROMPTS, bob)) {
      opened.getFirst().dead = true;

      UpstreamFixtures.await(() ->
          bob.lists().contains(ListKind.PROMPTS)
              && ann.lists().contains(ListKind.TOOLS)
              && ann.resources().contains("file:///a"));
      assertThat(opened.get(1).followed)
          .containsExactly(
              new Interest(Set.of(ListKind.TOOLS, ListKind.PROMPTS), Set.of("file:///a")));
      assertThat(ann.lists()).containsExactly(ListKind.TOOLS);
      assertThat(ann.resources()).containsExactly("file:///a");
      assertThat(bob.lists()).containsExactly(ListKind.PROMPTS);
    }
  }

  @Test
  void followsTheInstanceThatReplacesARetiredOne() throws InterruptedException {
    try (Feed _ = listen(TOOLS, ann)) {
      assertThat(pool.retire(target.id())).isEqualTo(1);

      UpstreamFixtures.await(() -> ann.lists().contains(ListKind.TOOLS));
      assertThat(opened).hasSize(2);
    }
  }

  @Test
  void aTargetThatDoesNotAgreeFailsWhoeverBegins() throws InterruptedException {
    try (Feed _ = listen(TOOLS, ann)) {
      trouble = Optional.of("is of another opinion");

      assertThatThrownBy(() -> listen(PROMPTS, bob))
          .isInstanceOf(UpstreamFailed.class)
          .hasMessage("target 'fake' is of another opinion");
      trouble = Optional.empty();

      UpstreamFixtures.await(() -> ann.lists().contains(ListKind.TOOLS));
      assertThat(bob.lists()).isEmpty();
    }
  }

  @Test
  void manyWhoComeAndGoAreAllServed() throws InterruptedException {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 200; i++) {
        String uri = "file:///" + i % 7;
        var _ =
            threads.submit(() -> {
              listen(resources(uri), ann).close();
              return true;
            });
      }
    }
    UpstreamFixtures.await(() -> opened.stream().allMatch(upstream -> upstream.dead));
    try (Feed _ = listen(TOOLS, bob)) {
      fanIn.of(reach.key()).listChanged(ListKind.TOOLS);
    }
    assertThat(bob.lists()).contains(ListKind.TOOLS);
  }

  @Test
  void theEndOfASessionLetsItsInstanceGo() throws InterruptedException {
    var own =
        new InstanceKey(
            target.id(), reach.key().sharing(), Optional.of("s1"), ClientCapabilities.NONE);
    Feed _ =
        fanIn.listen(
            new Reach(target, reach.permit(), own, reach.injection()), TOOLS, ann, PATIENCE);

    fanIn.forgetSession("s1");
    pool.retireSession("s1");

    UpstreamFixtures.await(() -> opened.getFirst().dead);
    assertThat(opened).hasSize(1);
  }
}
