package io.reflow.gateway.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// Whether the benchmark still runs and its answers are right; how fast is not asked here.
class LoadRunIT {

  @Test
  void getsRightAnswersOverEveryWay() {
    Report report = LoadRun.run(shortPlan(false));

    assertThat(report.rows())
        .extracting(Row::way)
        .contains(Report.DIRECT, Report.PASS_THROUGH, Report.GATEWAY);
    assertThat(report.rows())
        .allSatisfy(row -> {
          assertThat(row.perSecond()).as(row.way()).isPositive();
          assertThat(row.latencies().quantile(0.5)).as(row.way()).isPositive();
        });
    assertThat(report.toString()).contains("tools/list over 20 targets");
  }

  /// The run itself looks whether there is a row for each call, or none, and whether a tenth of the
  /// calls was traced.
  @Test
  void comparesWithAndWithoutAuditLogAndTelemetry() {
    ObservabilityReport report = ObservabilityRun.run(shortPlan(true));

    assertThat(report.rows())
        .extracting(Row::way)
        .containsExactlyInAnyOrder(
            ObservabilityReport.AUDIT_OFF,
            ObservabilityReport.AS_SHIPPED,
            ObservabilityReport.TELEMETRY,
            ObservabilityReport.AUDIT_OFF,
            ObservabilityReport.AS_SHIPPED,
            ObservabilityReport.TELEMETRY);
    assertThat(report.rows())
        .allSatisfy(row -> assertThat(row.perSecond()).as(row.way()).isPositive());
    assertThat(report.toString())
        .contains("| 1 | the audit log |", "| 4 | telemetry |", "calls traced");
  }

  private static Plan shortPlan(boolean observability) {
    return new Plan(
        List.of(1, 4),
        1,
        Duration.ofSeconds(1),
        Duration.ofSeconds(1),
        1,
        Optional.empty(),
        List.of(),
        observability);
  }
}
