package io.reflow.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SubscriptionsTest {

  private final List<String> asked = new CopyOnWriteArrayList<>();
  private final CountDownLatch go = new CountDownLatch(1);
  private final Subscriptions subscriptions =
      new Subscriptions(
          new ServerFacts(
              ProtocolVersion.V2025_11_25,
              RawJson.EMPTY_OBJECT,
              RawJson.EMPTY_OBJECT,
              Optional.empty(),
              Set.of(ServerFacts.Capability.RESOURCES_SUBSCRIBE)),
          Duration.ofMinutes(1));

  @AfterEach
  void letGo() {
    go.countDown();
  }

  private Answer ask(UpstreamCall call) throws InterruptedException {
    String what = call.method().substring("resources/".length()) + " " + call.params();
    asked.add(what.replaceAll("[{}:\"]|uri", ""));
    if (what.contains("slow")) {
      go.await();
    }
    if (what.contains("gone")) {
      throw new UpstreamFailed("fake", "is away");
    }
    return what.contains("refused")
        ? new Answer.Failure(RawJson.of("{\"code\":-32002,\"message\":\"no\"}"))
        : new Answer.Result(RawJson.EMPTY_OBJECT);
  }

  @Test
  void whatTheTargetIsSlowWithHoldsUpNothingElse() throws InterruptedException {
    subscriptions.become(Set.of("slow", "a", "b"), this::ask);
    assertThat(asked).containsExactlyInAnyOrder("subscribe slow", "subscribe a", "subscribe b");

    subscriptions.become(Set.of("slow", "b", "c"), this::ask);
    assertThat(asked).contains("subscribe c", "unsubscribe a").hasSize(5);

    go.countDown();
    UpstreamFixtures.await(() -> {
      subscriptions.become(Set.of("b", "c"), this::ask);
      return asked.contains("unsubscribe slow");
    });
  }

  @Test
  void whatNobodyWantsWhenTheAnswerComesIsGivenUpAtOnce() throws InterruptedException {
    subscriptions.become(Set.of("slow", "a"), this::ask);
    subscriptions.become(Set.of("a"), this::ask);

    go.countDown();

    UpstreamFixtures.await(() -> asked.contains("unsubscribe slow"));
    UpstreamFixtures.await(() -> {
      subscriptions.become(Set.of("slow", "a"), this::ask);
      return asked.lastIndexOf("subscribe slow") > asked.indexOf("unsubscribe slow");
    });
    assertThat(asked).containsOnlyOnce("subscribe a", "unsubscribe slow");
  }

  @Test
  void whatIsRefusedIsLeftOutAndNotAskedForAgain() throws InterruptedException {
    subscriptions.become(Set.of("refused", "a"), this::ask);
    subscriptions.become(Set.of("refused", "a"), this::ask);

    assertThat(asked).containsExactlyInAnyOrder("subscribe refused", "subscribe a");
  }

  @Test
  void aTargetThatTakesNothingIsSaidToBeAway() throws InterruptedException {
    assertThatThrownBy(() -> subscriptions.become(Set.of("gone", "gone too"), this::ask))
        .isInstanceOf(UpstreamFailed.class);

    subscriptions.become(Set.of("gone", "a"), this::ask);
    assertThat(asked).contains("subscribe a");
  }
}
