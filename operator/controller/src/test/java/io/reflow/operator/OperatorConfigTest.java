package io.reflow.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class OperatorConfigTest {

  private static final Map<String, String> LEAST =
      Map.of(
          "OPERATOR_NAMESPACE", "mcp", "OPERATOR_GATEWAY_NAMESPACE", "reflow", "HOSTNAME", "op-1");

  @Test
  void isSafeByDefault() {
    OperatorConfig config = OperatorConfig.of(LEAST);

    assertThat(config.rules().images().allows("node")).isFalse();
    assertThat(config.rules().serviceAccounts()).isEmpty();
    assertThat(config.rules().limits()).containsKeys("cpu", "memory", "ephemeral-storage");
    assertThat(config.rules().closedNetworks()).contains("169.254.0.0/16");
    assertThat(config.rules().idleTtl()).isEqualTo(Duration.ofMinutes(30));
    assertThat(config.port()).isEqualTo(8081);
  }

  @Test
  void tellsAllThatIsWrongAtOnce() {
    var wrong =
        Map.of(
            "OPERATOR_NAMESPACE", "mcp",
            "OPERATOR_IDLE_TTL", "soon",
            "OPERATOR_WORKERS", "0",
            "OPERATOR_LIMITS", "cpu");

    assertThatThrownBy(() -> OperatorConfig.of(wrong))
        .hasMessageContaining("OPERATOR_GATEWAY_NAMESPACE must be set")
        .hasMessageContaining("HOSTNAME must be set")
        .hasMessageContaining("OPERATOR_IDLE_TTL: 'soon' is no duration")
        .hasMessageContaining("OPERATOR_WORKERS")
        .hasMessageContaining("OPERATOR_LIMITS");
  }

  @Test
  void doesWithoutLabelsOfTheGatewayOnlyByMistake() {
    var open = new HashMap<>(LEAST);
    open.put("OPERATOR_GATEWAY_LABELS", ",");

    assertThatThrownBy(() -> OperatorConfig.of(open)).hasMessageContaining("at least one label");
  }

  @Test
  void theReadmeNamesEachSetting() throws IOException {
    String source =
        Files.readString(Path.of("src/main/java/io/reflow/operator/OperatorConfig.java"));
    String readme = Files.readString(Path.of("../README.md"));

    var settings = Pattern.compile("\"(OPERATOR_[A-Z_]+)\"").matcher(source);
    assertThat(settings.results().map(found -> found.group(1)).distinct())
        .isNotEmpty()
        .allSatisfy(setting -> assertThat(readme).contains("`" + setting + "`"));
  }
}
