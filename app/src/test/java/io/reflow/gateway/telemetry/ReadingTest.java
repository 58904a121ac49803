package io.reflow.gateway.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.telemetry.Reading.Counts;
import java.time.Duration;
import java.time.InstantSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ReadingTest {

  private final Metrics metrics = new Metrics("1.2.3", InstantSource.system());

  @AfterEach
  void close() {
    metrics.close();
  }

  @Test
  void tellsWhatHasComeSinceAnEarlierOne() {
    metrics.request("ping", "allowed", Duration.ofSeconds(100));
    Reading earlier = metrics.reading();
    metrics.request("tools/call", "allowed", Duration.ofMillis(2));
    metrics.request("tools/call", "denied", Duration.ofMillis(20));
    metrics.request("ping", "allowed", Duration.ofMillis(2));
    metrics.refused("unauthenticated");
    Reading now = metrics.reading();

    Counts grown = now.requests().since(earlier.requests());

    assertThat(grown.of("allowed")).isEqualTo(2);
    assertThat(grown.of("denied")).isEqualTo(1);
    assertThat(grown.of("failed")).isZero();
    assertThat(grown.all()).isEqualTo(3);
    assertThat(grown.percentile(0.5)).contains(Duration.ofNanos(2_500_000));
    assertThat(grown.percentile(0.99)).contains(Duration.ofMillis(25));
    assertThat(now.refused() - earlier.refused()).isEqualTo(1);
  }

  @Test
  void countsTheToolsOfATargetTogether() {
    metrics.toolCall("github", "a", "allowed", Duration.ofMillis(2));
    metrics.toolCall("github", "b", "failed", Duration.ofHours(1));
    metrics.toolCall("jira", "a", "allowed", Duration.ofMillis(2));

    Reading reading = metrics.reading();

    assertThat(reading.tools()).containsOnlyKeys("github", "jira");
    Counts github = reading.tools().getOrDefault("github", Counts.NONE);
    assertThat(github.outcomes()).containsEntry("allowed", 1L).containsEntry("failed", 1L);
    assertThat(github.percentile(0.99)).contains(Duration.ofMinutes(2));
  }

  @Test
  void hasNoPercentileOfNothing() {
    Reading reading = metrics.reading();

    assertThat(reading.requests().since(reading.requests()).percentile(0.5)).isEmpty();
    assertThat(Counts.NONE.percentile(0.5)).isEmpty();
  }
}
