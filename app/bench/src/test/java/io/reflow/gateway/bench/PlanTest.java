package io.reflow.gateway.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class PlanTest {

  @Test
  void isTheUsualOneWithoutArguments() {
    assertThat(Plan.parse()).isEqualTo(Plan.USUAL);
  }

  @Test
  void takesEveryOption() {
    Plan plan =
        Plan.parse(
            "--connections",
            "1,8",
            "--rounds",
            "2",
            "--seconds",
            "1.5",
            "--warm-up",
            "3",
            "--gateway",
            "other.jar",
            "--jvm",
            "-Xmx1g",
            "--jvm",
            "-Xlog:gc");

    assertThat(plan.connections()).containsExactly(1, 8);
    assertThat(plan.rounds()).isEqualTo(2);
    assertThat(plan.round()).isEqualTo(Duration.ofMillis(1500));
    assertThat(plan.warmUp()).isEqualTo(Duration.ofSeconds(3));
    assertThat(plan.gateway()).contains(Path.of("other.jar"));
    assertThat(plan.jvmOptions()).containsExactly("-Xmx1g", "-Xlog:gc");
  }

  @Test
  void measuresAuditAndTelemetryAtConnectionsOfItsOwn() {
    assertThat(Plan.parse("--observability").connections()).containsExactly(1, 64);
    assertThat(Plan.parse("--observability", "--rounds", "2").observability()).isTrue();
    assertThat(Plan.parse("--observability", "--connections", "8").connections())
        .containsExactly(8);
    assertThat(Plan.parse("--connections", "8", "--observability").connections())
        .containsExactly(8);
  }

  @Test
  void refusesWhatItDoesNotKnow() {
    assertThatThrownBy(() -> Plan.parse("--fast", "yes"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Plan.parse("--rounds")).isInstanceOf(IllegalArgumentException.class);
  }
}
