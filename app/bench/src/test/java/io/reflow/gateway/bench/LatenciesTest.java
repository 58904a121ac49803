package io.reflow.gateway.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class LatenciesTest {

  @Test
  void tellsTheTimeWithinWhichAShareOfTheAnswersCame() {
    var latencies = new Latencies();
    for (int micros = 1; micros <= 100; micros++) {
      latencies.add(micros * 1000L);
    }

    assertThat(latencies.quantile(0.5)).isEqualTo(Duration.ofNanos(50_000));
    assertThat(latencies.quantile(0.99)).isEqualTo(Duration.ofNanos(99_000));
    assertThat(latencies.quantile(1)).isEqualTo(Duration.ofNanos(100_000));
  }

  @Test
  void addsUp() {
    var first = new Latencies();
    first.add(1_000);
    var second = new Latencies();
    second.add(Duration.ofMinutes(1).toNanos());

    first.add(second);

    assertThat(first.total()).isEqualTo(2);
    assertThat(first.quantile(1)).isEqualTo(Duration.ofSeconds(1));
  }
}
