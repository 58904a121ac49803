package io.reflow.gateway.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// In processes of their own, since logging is one for a whole JVM.
class LoggingTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void writesEveryLogAsOneJsonObjectALine() throws IOException, InterruptedException {
    List<JsonNode> lines = new ArrayList<>();
    for (String line : run("INFO", "JSON")) {
      lines.add(JSON.readTree(line));
    }

    assertThat(lines)
        .allSatisfy(it -> {
          assertThat(Instant.parse(it.get("timestamp").asText())).isNotNull();
          assertThat(it.get("level").asText()).isIn("INFO", "WARN", "ERROR");
          assertThat(it.has("thread")).isTrue();
        });
    JsonNode facts = find(lines, "facts");
    assertThat(facts.get("level").asText()).isEqualTo("WARN");
    assertThat(facts.get("logger").asText()).isEqualTo("test");
    assertThat(facts.get("target").asText()).isEqualTo("git\nhub \ud83d\ude00");
    assertThat(facts.get("durationMs").isIntegralNumber()).isTrue();
    assertThat(facts.get("durationMs").asLong()).isEqualTo(12);
    assertThat(facts.get("policy").isNull()).isTrue();
    assertThat(facts.get("message").asText()).isEqualTo("facts");
    assertThat(facts.get("traceId").asText()).isEqualTo("0af7651916cd43dd8448eb211c80319c");
    assertThat(find(lines, "failed").get("exception").asText())
        .startsWith("java.lang.IllegalStateException: outer")
        .contains("Caused by: java.lang.IllegalArgumentException: inner");
    assertThat(find(lines, "from jul").get("logger").asText()).isEqualTo("jul");
    assertThat(find(lines, "from the platform").get("logger").asText()).isEqualTo("platform");
    assertThat(lines).anyMatch(it -> it.get("logger").asText().startsWith("io.helidon."));
    assertThat(lines)
        .noneMatch(it -> it.get("message").asText().contains("not wanted"))
        .noneMatch(it -> it.get("logger").asText().endsWith(".DirectHandlers"));
    assertThat(find(lines, "the long one").get("body").asText()).hasSizeLessThan(20_000);
  }

  @Test
  void writesTextForPeople() throws IOException, InterruptedException {
    assertThat(run("DEBUG", "TEXT"))
        .anyMatch(it ->
            it.matches(
                "\\d\\d:\\d\\d:\\d\\d\\.\\d{3} WARN  test: facts .*target=git\\?hub"
                    + " .*durationMs=12.*"))
        .anyMatch(it -> it.contains("jul: not wanted at info from jul"))
        .anyMatch(it -> it.startsWith("Caused by: java.lang.IllegalArgumentException: inner"));
  }

  private static JsonNode find(List<JsonNode> lines, String message) {
    return lines.stream()
        .filter(it -> it.get("message").asText().equals(message))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no line '%s' in %s".formatted(message, lines)));
  }

  private static List<String> run(String level, String format)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                LoggingProgram.class.getName(),
                level,
                format)
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output.lines().toList();
  }
}
