package io.reflow.gateway.upstream.era;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.ServerFacts.Capability;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The table of verdicts, row by row.
final class DiscoveryTest {

  private static final String DISCOVERED = "{\"supportedVersions\":[\"2026-07-28\"]}";

  private final List<String> declared = new ArrayList<>();

  private static Discovery.Heard result(String result) {
    return new Discovery.Heard.Said(new Answer.Result(RawJson.of(result)), 200);
  }

  private static Discovery.Heard error(int status, String error) {
    return new Discovery.Heard.Said(new Answer.Failure(RawJson.of(error)), status);
  }

  private static Discovery.Heard unsupported(String versions) {
    return error(
        400, "{\"code\":-32022,\"message\":\"\",\"data\":{\"supported\":%s}}".formatted(versions));
  }

  private Verdict verdict(Discovery.Heard... heard) throws InterruptedException {
    Deque<Discovery.Heard> answers = new ArrayDeque<>(List.of(heard));
    Verdict verdict =
        new Discovery("x")
            .run(capabilities -> {
              declared.add(capabilities.toString());
              return answers.removeFirst();
            });
    assertThat(answers).isEmpty();
    return verdict;
  }

  @Test
  void aServerThatNamesOurVersionIsStateless() throws InterruptedException {
    Verdict verdict =
        verdict(
            result(
                """
                {"supportedVersions":["2026-07-28","2025-11-25"],"instructions":"Be kind.",
                 "capabilities":{"tools":{"listChanged":true},"resources":{"subscribe":true}},
                 "_meta":{"io.modelcontextprotocol/serverInfo":{"name":"s","version":"1"}}}\
                """));

    assertThat(verdict).isInstanceOf(Verdict.Stateless.class);
    var facts = ((Verdict.Stateless) verdict).facts();
    assertThat(facts.version().wireName()).isEqualTo("2026-07-28");
    assertThat(facts.instructions()).contains("Be kind.");
    assertThat(facts.serverInfo()).hasToString("{\"name\":\"s\",\"version\":\"1\"}");
    assertThat(facts.offers())
        .containsExactlyInAnyOrder(
            Capability.TOOLS,
            Capability.TOOLS_LIST_CHANGED,
            Capability.RESOURCES,
            Capability.RESOURCES_SUBSCRIBE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"supportedVersions\":\"2026-07-28\"}",
        "{\"supportedVersions\":[]}",
        "{\"supportedVersions\":[\"2025-11-25\"]}",
        "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{}}"
      })
  void anyOtherResultIsOfTheOlderEra(String result) throws InterruptedException {
    assertThat(verdict(result(result))).isEqualTo(new Verdict.Initialize());
  }

  @ParameterizedTest
  @CsvSource({"-32601, 200", "-32602, 200", "-32000, 400", "-32600, 404", "-32020, 200", "0, 400"})
  void anyOtherErrorIsOfTheOlderEra(int code, int status) throws InterruptedException {
    assertThat(verdict(error(status, "{\"code\":" + code + ",\"message\":\"\"}")))
        .isEqualTo(new Verdict.Initialize());
  }

  @ParameterizedTest
  @ValueSource(ints = {200, 202, 400, 404, 405, 406, 415, 422})
  void aResponseWithoutAMessageIsOfTheOlderEra(int status) throws InterruptedException {
    assertThat(verdict(new Discovery.Heard.Refused(status))).isEqualTo(new Verdict.Initialize());
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403, 408, 429, 500, 502, 503, 504, 302})
  void theCallersOrTheServersTroubleIsNoEvidence(int status) {
    assertThatThrownBy(() -> verdict(new Discovery.Heard.Refused(status)))
        .isInstanceOf(UpstreamFailed.class)
        .hasMessageContaining("HTTP " + status);
  }

  @Test
  void anErrorBehindAServersTroubleIsNoEvidence() {
    assertThatThrownBy(() -> verdict(error(500, "{\"code\":-32601,\"message\":\"\"}")))
        .isInstanceOf(UpstreamFailed.class);
  }

  @Test
  void aServerThatListsOurVersionIsAskedOnceMore() throws InterruptedException {
    assertThat(verdict(unsupported("[\"2026-07-28\"]"), result(DISCOVERED)))
        .isInstanceOf(Verdict.Stateless.class);
  }

  @Test
  void aServerThatInsistsIsNeverInitialized() {
    assertThatThrownBy(
            () -> verdict(unsupported("[\"2026-07-28\"]"), unsupported("[\"2026-07-28\"]")))
        .isInstanceOf(UpstreamFailed.class)
        .hasMessageContaining("no protocol version");
    assertThatThrownBy(() -> verdict(unsupported("[\"2026-07-28\"]"), result("{}")))
        .isInstanceOf(UpstreamFailed.class);
  }

  @Test
  void versionsThatWeLackAreAFailure() {
    assertThatThrownBy(() -> verdict(unsupported("[\"2027-01-01\"]")))
        .isInstanceOf(UpstreamFailed.class)
        .hasMessageContaining("no protocol version");
    assertThatThrownBy(() -> verdict(result("{\"supportedVersions\":[\"2027-01-01\"]}")))
        .isInstanceOf(UpstreamFailed.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"[\"2025-11-25\",\"2025-06-18\"]", "[]", "null", "\"2026-07-28\""})
  void aServerThatListsOlderVersionsOrNoneIsOfTheOlderEra(String versions)
      throws InterruptedException {
    assertThat(verdict(unsupported(versions))).isEqualTo(new Verdict.Initialize());
  }

  @Test
  void aMissingCapabilityIsDeclaredOnce() throws InterruptedException {
    Discovery.Heard missing =
        error(
            400,
            """
            {"code":-32021,"message":"","data":{"requiredCapabilities":{"roots":{}}}}\
            """);

    assertThat(verdict(missing, result(DISCOVERED))).isInstanceOf(Verdict.Stateless.class);
    assertThat(declared).containsExactly("{}", "{\"roots\":{}}");
    assertThat(verdict(missing, missing)).isEqualTo(new Verdict.Initialize());
  }

  @Test
  void aHeaderMismatchIsTriedOnceMore() throws InterruptedException {
    Discovery.Heard mismatch = error(400, "{\"code\":-32020,\"message\":\"\"}");

    assertThat(verdict(mismatch, result(DISCOVERED))).isInstanceOf(Verdict.Stateless.class);
    assertThat(verdict(mismatch, mismatch)).isEqualTo(new Verdict.Initialize());
  }
}
