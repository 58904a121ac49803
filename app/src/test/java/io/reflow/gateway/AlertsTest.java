package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.testing.Prometheus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The alerts are what Prometheus takes for alerts; each of them fires and resolves, and says what
/// to do.
class AlertsTest {

  private static final Path RULES = Path.of("..", "chart", "alerts", "reflow-gateway.rules.yaml");
  private static final Path CASES = Path.of("src", "test", "prometheus", "alerts.yaml");
  private static final Path README = Path.of("..", "README.md");
  private static final Pattern ALERT = Pattern.compile("(?m)^ +- alert: (\\w+)$");
  private static final Pattern BEFORE_ALERT = Pattern.compile("(?m)^ +- alert: ");
  private static final Pattern CASE = Pattern.compile("(?m)^ +- name: (\\w+)$");
  private static final Pattern ROW = Pattern.compile("(?m)^\\| `(Reflow\\w+)` \\|");

  @TempDir Path folder;

  @Test
  void eachFiresAndResolves() throws IOException, InterruptedException {
    assertThat(Prometheus.promtool(folder, List.of("test", "rules", CASES.toString())))
        .contains("SUCCESS");
    assertThat(names(CASE, CASES)).isEqualTo(names(ALERT, RULES));
  }

  @Test
  void prometheusTakesThem() throws IOException, InterruptedException {
    assertThat(Prometheus.promtool(folder, List.of("check", "rules", RULES.toString())))
        .contains("SUCCESS");
  }

  @Test
  void eachSaysWhatItIsAndWhatToDo() throws IOException {
    List<String> alerts = BEFORE_ALERT.splitAsStream(Files.readString(RULES)).skip(1).toList();

    assertThat(alerts)
        .hasSizeGreaterThan(10)
        .allSatisfy(alert ->
            assertThat(alert)
                .containsPattern("severity: (warning|critical)")
                .containsPattern("summary: \\S.{10,}")
                .containsPattern("description: \\S.{20,}")
                .containsPattern("(?s)runbook: \\S.{20,}"));
  }

  @Test
  void theReadmeKnowsEach() throws IOException {
    assertThat(names(ROW, README)).isEqualTo(names(ALERT, RULES));
  }

  private static Set<String> names(Pattern pattern, Path file) throws IOException {
    return pattern
        .matcher(Files.readString(file))
        .results()
        .map((MatchResult found) -> found.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
