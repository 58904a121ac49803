package io.reflow.gateway.mcp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.testing.UpstreamFixtures;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

final class PaceTest {

  private final List<String> sent = new CopyOnWriteArrayList<>();
  private final Pace pace = new Pace(message -> sent.add(new String(message, UTF_8)));

  @Test
  void ofWhatComesTooFastTheLastFollows() throws InterruptedException {
    for (int i = 1; i <= 1000; i++) {
      pace.offer(Integer.toString(i).getBytes(UTF_8));
    }

    assertThat(sent).hasSizeLessThan(50).startsWith("1", "2", "3");
    UpstreamFixtures.await(() -> sent.contains("1000"));
    assertThat(sent).endsWith("1000");
  }

  @Test
  void whatWasHeldBackGoesOutBeforeTheEnd() {
    for (int i = 1; i <= 100; i++) {
      pace.offer(Integer.toString(i).getBytes(UTF_8));
    }

    pace.flush();

    assertThat(sent).endsWith("100");
  }
}
