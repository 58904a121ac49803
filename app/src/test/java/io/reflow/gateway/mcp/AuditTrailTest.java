package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.audit.AuditOutcome;
import io.reflow.gateway.telemetry.Trace;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AuditTrailTest {

  @Test
  void noClockMakesADurationNegative() {
    // The clock was put back after the request had come.
    var entry =
        trail(Instant.now().plus(Duration.ofDays(400)))
            .entry(AuditOutcome.ALLOWED, 0, Optional.empty());

    assertThat(entry.duration()).isBetween(Duration.ZERO, Duration.ofMinutes(1));
    assertThat(entry.upstream()).isZero();
  }

  private static AuditTrail trail(Instant startedAt) {
    return new AuditTrail(startedAt, "trace", Trace.OFF, false, () -> "192.0.2.7");
  }
}
