package io.reflow.gateway.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.sdk.metrics.data.MetricData;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MetricsTest {

  private final Metrics metrics = new Metrics("1.2.3", InstantSource.system());

  @AfterEach
  void close() {
    metrics.close();
  }

  @Test
  void countsRequestsByMethodAndOutcome() {
    metrics.request("tools/call", "allowed", Duration.ofMillis(3));
    metrics.request("tools/call", "allowed", Duration.ofSeconds(500));
    metrics.request("tools/call", "denied", Duration.ofNanos(-1));

    assertThat(text())
        .contains(
            "# TYPE mcp_server_operation_duration_seconds histogram",
            bucket("allowed", "0.0025", 0),
            bucket("allowed", "0.005", 1),
            bucket("allowed", "120.0", 1),
            bucket("allowed", "+Inf", 2),
            "mcp_server_operation_duration_seconds_sum{mcp_method_name=\"tools/call\",outcome=\"allowed\"}"
                + " 500.003",
            bucket("denied", "0.001", 1));
  }

  @Test
  void countsMethodsThatClientsMakeUpTogether() {
    metrics.request("evil/1", "failed", Duration.ZERO);
    metrics.request("evil/2", "failed", Duration.ZERO);

    assertThat(text())
        .contains(
            "mcp_server_operation_duration_seconds_count{mcp_method_name=\"_OTHER\",outcome=\"failed\"}"
                + " 2")
        .doesNotContain("evil");
  }

  @Test
  void countsTheFirstToolsThatAnsweredAndTheRestTogether() {
    metrics.toolCall("github", "made-up", "denied", Duration.ZERO);
    for (int i = 0; i < ToolFigures.MAX_TOOLS + 10; i++) {
      metrics.toolCall("github", "tool" + i, "allowed", Duration.ofMillis(1));
    }
    metrics.toolCall("github", "tool0", "failed", Duration.ofMillis(1));

    assertThat(text())
        .contains(
            "reflow_tool_calls_total{outcome=\"allowed\",target=\"github\",tool=\"tool499\"} 1.0",
            "reflow_tool_calls_total{outcome=\"allowed\",target=\"github\",tool=\"_OTHER\"} 10.0",
            "reflow_tool_calls_total{outcome=\"denied\",target=\"github\",tool=\"_OTHER\"} 1.0",
            "reflow_tool_calls_total{outcome=\"failed\",target=\"github\",tool=\"tool0\"} 1.0",
            "reflow_tool_call_duration_seconds_count{target=\"github\",tool=\"tool0\"} 2")
        .doesNotContain("tool500", "made-up");
  }

  @Test
  void showsValuesThatOthersKeep() {
    AtomicLong sessions = new AtomicLong(3);
    metrics.gauge("reflow.sessions.active", "{session}", "Live sessions", sessions::doubleValue);
    metrics.gauges(
        "reflow.instances", "{instance}", "Instances", "state", () -> Map.of("idle", 2, "busy", 1));
    metrics.gauge("reflow.audit.lag", "s", "Age of the oldest row not shipped", () -> 0.25);
    metrics.counter("reflow.audit.shipped", "{row}", "Rows shipped", () -> 42);
    metrics.refused("unauthenticated");
    metrics.httpRequestBegins();
    metrics.httpRequest("POST", Optional.of("/mcp"), 200, Duration.ofMillis(1));
    sessions.set(4);

    assertThat(text())
        .contains(
            "reflow_sessions_active 4.0",
            "reflow_instances{state=\"idle\"} 2.0",
            "reflow_instances{state=\"busy\"} 1.0",
            "reflow_audit_lag_seconds 0.25",
            "reflow_audit_shipped_total 42.0",
            "reflow_requests_refused_total{reason=\"unauthenticated\"} 1.0",
            "http_server_request_duration_seconds_count{http_request_method=\"POST\",http_response_status_code=\"200\",http_route=\"/mcp\"}"
                + " 1");
  }

  @Test
  void tellsOfTheProcess() {
    assertThat(text())
        .contains("reflow_build_info{java=\"25", "version=\"1.2.3\"} 1")
        .containsPattern("process_start_time_seconds 1\\.\\d+E9")
        .containsPattern("process_cpu_seconds_total [0-9]")
        .containsPattern("process_resident_memory_bytes [1-9]")
        .containsPattern("process_open_fds [1-9]")
        .containsPattern("jvm_memory_used_bytes\\{jvm_memory_pool_name=\"[^\"]+\",jvm_memory_type=")
        .containsPattern("jvm_thread_count [1-9]")
        .contains("jvm_gc_time_seconds_total{");
  }

  @Test
  void keepsEveryLineInTheTextFormat() {
    metrics.toolCall("a", "quote\"new\nline\\", "allowed", Duration.ofMillis(1));

    Pattern line =
        Pattern.compile(
            "# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\\{([a-z_]+=\"([^\"\\\\]|\\\\[\"n\\\\])*\",?)+})?"
                + " \\S+");
    assertThat(text().lines()).allMatch(it -> line.matcher(it).matches());
  }

  @Test
  void showsHostileNamesCutAndWithoutControlCharacters() {
    metrics.toolCall("a", "x".repeat(1_000_000), "allowed", Duration.ofMillis(1));
    metrics.toolCall("a", "x".repeat(2_000_000), "allowed", Duration.ofMillis(1));
    metrics.toolCall(
        "a", "bell\u0007 \u001b[31m \u202e\ud800 \u2028", "allowed", Duration.ofMillis(1));
    metrics.toolCall("a", "\u0000".repeat(1000), "allowed", Duration.ofMillis(1));
    metrics.toolCall("a", "größe-日本", "allowed", Duration.ofMillis(1));

    assertThat(text())
        .contains(
            "tool=\"" + "x".repeat(127) + "…\"} 2.0",
            "tool=\"bell\\\\u0007 \\\\u001b[31m \\\\u202e\\\\ud800 \\\\u2028\"} 1.0",
            "tool=\"\\\\u0000\\\\u0000",
            "tool=\"größe-日本\"} 1.0");
    assertThat(text().lines()).allMatch(line -> line.length() < 1000);
    assertThat(text()).doesNotContainPattern("[\\p{Cc}&&[^\n]]");
  }

  @Test
  void onlySoManyTargetsHaveLabelsUntilTheyAreNoMore() {
    for (int i = 0; i < Metrics.MAX_TARGETS + 10; i++) {
      metrics.upstreamRequest("target" + i, "tools/call", "answered", Duration.ofMillis(1));
      metrics.decision("target" + i, "tool", false, false);
    }

    assertThat(text())
        .contains(
            "reflow_policy_decisions_total{basis=\"default\",decision=\"deny\",kind=\"tool\",target=\"_OTHER\"}"
                + " 10.0",
            "target=\"target499\"")
        .doesNotContain("target=\"target500\"");

    metrics.toolCall("target0", "gone", "allowed", Duration.ofMillis(1));
    metrics.keepTargets(List.of("target1"));
    metrics.instanceCrash("target500", "process");

    assertThat(text())
        .contains("target=\"target1\"", "target=\"target500\"")
        .doesNotContain("target=\"target0\"", "target=\"target499\"");
  }

  @Test
  void aTargetThatIsNoMoreMakesRoomForOtherTools() {
    for (int i = 0; i < ToolFigures.MAX_TOOLS; i++) {
      metrics.toolCall("old", "tool" + i, "allowed", Duration.ofMillis(1));
    }
    metrics.toolCall("new", "echo", "allowed", Duration.ofMillis(1));
    assertThat(text()).doesNotContain("tool=\"echo\"");

    metrics.keepTargets(List.of("new"));
    metrics.toolCall("new", "echo", "allowed", Duration.ofMillis(1));

    assertThat(text()).contains("target=\"new\",tool=\"echo\"} 1.0").doesNotContain("\"old\"");
  }

  @Test
  void aClockThatIsSetBackMakesNoTimeNegative() {
    var now = new AtomicReference<>(Instant.parse("2026-01-02T00:00:00Z"));
    List<MetricData> collected;
    try (var clocked = new Metrics("1.2.3", now::get)) {
      clocked.request("ping", "allowed", Duration.ofMillis(-5));
      now.set(Instant.parse("2026-01-01T00:00:00Z"));
      collected = clocked.measured();
    }

    assertThat(collected)
        .isNotEmpty()
        .flatMap(it -> it.getHistogramData().getPoints())
        .allMatch(point -> point.getEpochNanos() >= point.getStartEpochNanos())
        .allMatch(point -> point.getSum() >= 0);
  }

  @Test
  void losesNothingWhenManyRecordAtOnce() throws InterruptedException {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 64; i++) {
        threads.execute(() -> {
          for (int call = 0; call < 1000; call++) {
            metrics.request("ping", "allowed", Duration.ofMillis(1));
            metrics.toolCall("a", "b" + call % 7, "allowed", Duration.ofMillis(1));
          }
        });
      }
    }

    assertThat(text())
        .contains("_count{mcp_method_name=\"ping\",outcome=\"allowed\"} 64000")
        .contains("target=\"a\",tool=\"b0\"} 9152");
  }

  private static String bucket(String outcome, String boundary, int count) {
    return "mcp_server_operation_duration_seconds_bucket{mcp_method_name=\"tools/call\",outcome=\"%s\",le=\"%s\"} %d"
        .formatted(outcome, boundary, count);
  }

  private String text() {
    return new String(metrics.prometheusText(), StandardCharsets.UTF_8);
  }
}
