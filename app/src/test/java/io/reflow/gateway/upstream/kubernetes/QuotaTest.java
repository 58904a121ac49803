package io.reflow.gateway.upstream.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.instance.InstanceKey.Sharing;
import io.reflow.gateway.upstream.kubernetes.Quota.Entry;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class QuotaTest {

  private static final Quota QUOTA = new Quota(3, 2, 1);
  private static final String ANN = Subjects.key(new Sharing.User(new UserId(new UUID(0, 1))));

  private static Entry entry(String name, String target) {
    return new Entry(name, target, "shared");
  }

  @Test
  void limitsPodsOfATarget() {
    assertThat(QUOTA.refusal(entry("c", "t"), Stream.of(entry("a", "t"), entry("b", "t"))))
        .hasValueSatisfying(why -> assertThat(why).contains("the target has 2"));
    assertThat(QUOTA.refusal(entry("c", "u"), Stream.of(entry("a", "t"), entry("b", "t"))))
        .isEmpty();
  }

  @Test
  void limitsPodsOfAUser() {
    Stream<Entry> running = Stream.of(new Entry("a", "t", ANN));

    assertThat(QUOTA.refusal(new Entry("b", "u", ANN), running))
        .hasValueSatisfying(why -> assertThat(why).contains("you have 1"));
  }

  @Test
  void limitsAllPods() {
    Stream<Entry> running = Stream.of(entry("a", "t"), entry("b", "u"), entry("c", "v"));

    assertThat(QUOTA.refusal(entry("d", "w"), running))
        .hasValueSatisfying(why -> assertThat(why).contains("the cluster has 3"));
  }

  @Test
  void whatRunsMayGoOn() {
    Stream<Entry> running = Stream.of(entry("a", "t"), entry("b", "t"), entry("c", "t"));

    assertThat(QUOTA.refusal(entry("a", "t"), running)).isEmpty();
  }
}
