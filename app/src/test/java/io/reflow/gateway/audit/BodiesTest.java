package io.reflow.gateway.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.config.AuditBodiesConfig;
import io.reflow.gateway.config.AuditBodiesConfig.Recorded;
import io.reflow.gateway.config.DataSize;
import io.reflow.gateway.protocol.RawJson;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BodiesTest {

  private static Bodies bodies(Recorded recorded, int most, String... paths) {
    return new Bodies(
        new AuditBodiesConfig(recorded, new DataSize(most), List.of(paths), List.of("Blood Type")));
  }

  private static String arguments(String json, String... paths) {
    return bodies(Recorded.ALL, 4096, paths).arguments(RawJson.of(json)).orElseThrow();
  }

  @Test
  void recordsNothingUnlessItIsToldTo() {
    RawJson message = RawJson.of("{\"id\":1,\"result\":{\"a\":1}}");

    assertThat(bodies(Recorded.NONE, 4096).arguments(message)).isEmpty();
    assertThat(bodies(Recorded.NONE, 4096).answer(message)).isEmpty();
    assertThat(bodies(Recorded.ARGUMENTS, 4096).arguments(message)).isPresent();
    assertThat(bodies(Recorded.ARGUMENTS, 4096).answer(message)).isEmpty();
    assertThat(bodies(Recorded.ALL, 4096).answer(message)).hasValue("{\"a\":1}");
    assertThat(bodies(Recorded.ALL, 4096).answer(RawJson.of("{\"error\":{\"code\":-1}}")))
        .hasValue("{\"code\":-1}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"password\":\"hunter2\"}",
        "{\"a\":[{\"DB-Password\":\"hunter2\"}]}",
        "{\"githubToken\":{\"value\":\"hunter2\"}}",
        "{\"api_key\":[\"hunter2\"]}",
        "{\"X-Api-Key\":\"hunter2\"}",
        "{\"Authorization\":\"Bearer hunter2\"}",
        "{\"blood_type\":\"hunter2\"}",
        "{\"text\":\"{\\\"password\\\":\\\"hunter2\\\"}\"}",
        "{\"text\":\" [{\\\"a\\\":\\\"{\\\\\\\"secret\\\\\\\":\\\\\\\"hunter2\\\\\\\"}\\\"}]\"}",
        "{\"text\":\"{\\\"password\\\":\\\"hunter2\\\", and so on\"}",
        "{\"text\":\"{\\\"password\\\":\\\"hunter2\"}",
        "{\"text\":\"use password=hunter2 there\"}",
        "{\"text\":\"API-KEY: 'hunter2'\"}",
        "{\"text\":\"authorization: Bearer hunter2\"}",
      })
  void takesOutWhatMustNeverBeRecorded(String json) {
    assertThat(arguments(json)).contains("[redacted]").doesNotContain("hunter2");
  }

  @Test
  void leavesTheRestAsItIs() {
    String json =
        "{\"a\":1.50,\"b\":[true,null,\"é\\n\"],\"c\":{},\"text\":\"{\\\"d\\\":[1,2]}\",\"e\":1e400}";

    assertThat(arguments(json)).isEqualTo(json);
  }

  @ParameterizedTest
  @CsvSource({
    "$.arguments.a.b",
    "$['arguments']['a'].b",
    "$..b",
    "$.arguments.*.b",
    "$.arguments.a.*",
    "$.*.a.b"
  })
  void takesOutWhatAPathNames(String path) {
    assertThat(arguments("{\"a\":{\"b\":[1]},\"c\":{\"d\":2}}", path))
        .isEqualTo("{\"a\":{\"b\":\"[redacted]\"},\"c\":{\"d\":2}}");
  }

  @Test
  void takesOutElementsOfLists() {
    String json = "{\"list\":[{\"x\":1},{\"x\":2}]}";

    assertThat(arguments(json, "$.arguments.list[1].x"))
        .isEqualTo("{\"list\":[{\"x\":1},{\"x\":\"[redacted]\"}]}");
    assertThat(arguments(json, "$.arguments.list[*]"))
        .isEqualTo("{\"list\":[\"[redacted]\",\"[redacted]\"]}");
    assertThat(arguments(json, "$.arguments")).isEqualTo("\"[redacted]\"");
    assertThat(arguments(json, "$.result.list")).isEqualTo(json);
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "é", "漢", "🙂"})
  void cutsWhatIsLong(String letter) {
    String json = "{\"text\":\"%s\"}".formatted(letter.repeat(200_000));

    String recorded = bodies(Recorded.ALL, 1024).arguments(RawJson.of(json)).orElseThrow();

    assertThat(recorded.getBytes(StandardCharsets.UTF_8)).hasSizeBetween(1015, 1024);
    assertThat(recorded).startsWith("{\"text\":\"" + letter).endsWith(letter + "…");
  }

  @Test
  void cutsAfterItHasTakenOut() {
    String json = "{\"text\":\"%spassword=%s\"}".formatted("x".repeat(990), "hunter2".repeat(50));

    assertThat(bodies(Recorded.ALL, 1024).arguments(RawJson.of(json)).orElseThrow())
        .doesNotContain("hunter");
  }
}
