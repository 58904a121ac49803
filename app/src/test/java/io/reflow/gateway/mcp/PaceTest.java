package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

final class PaceTest {

  private final List<String> sent = new CopyOnWriteArrayList<>();
  private final Pace pace = new Pace(message -> sent.add(message.toString()));

  @Test
  void ofWhatComesTooFastTheLastFollows() throws InterruptedException {
    for (int i = 1; i <= 1000; i++) {
      pace.offer(RawJson.of(Integer.toString(i)));
    }

    assertThat(sent).hasSizeLessThan(50).startsWith("1", "2", "3");
    UpstreamFixtures.await(() -> sent.contains("1000"));
    assertThat(sent).endsWith("1000");
  }

  @Test
  void whatWasHeldBackGoesOutBeforeTheEnd() {
    for (int i = 1; i <= 100; i++) {
      pace.offer(RawJson.of(Integer.toString(i)));
    }

    pace.flush();

    assertThat(sent).endsWith("100");
  }
}
