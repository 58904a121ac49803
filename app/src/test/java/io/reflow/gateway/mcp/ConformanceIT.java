package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.reflow.gateway.mcp.ConformanceGateway.Behind;
import io.reflow.gateway.mcp.ConformanceTable.ClientScenario;
import io.reflow.gateway.testing.ConformanceSuite;
import io.reflow.gateway.testing.ConformanceSuite.Check;
import io.reflow.gateway.testing.ConformanceSuite.Era;
import io.reflow.gateway.testing.ConformanceSuite.Outcome;
import io.reflow.gateway.testing.RunningServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// The official conformance suite, run through a gateway with authentication: as the client of all
/// kinds of servers behind it, and as a server behind it.
///
/// `ConformanceRun` runs a part of this by hand.
@TestMethodOrder(OrderAnnotation.class)
final class ConformanceIT {

  private static final String HANDSHAKE = "2025-11-25";
  private static final String STATELESS = "2026-07-28";

  private static final List<ClientScenario> SCENARIOS =
      Stream.concat(
              Stream.of(
                      "initialize",
                      "tools_call",
                      "elicitation-sep1034-client-defaults",
                      "sse-retry",
                      "json-schema-2020-12-preservation")
                  .map(name -> new ClientScenario(name, HANDSHAKE)),
              Stream.of(
                      "tools_call",
                      "request-metadata",
                      "sep-2322-client-request-state",
                      "http-standard-headers",
                      "http-custom-headers",
                      "http-invalid-tool-headers",
                      "json-schema-ref-no-deref",
                      "json-schema-2020-12-preservation")
                  .map(name -> new ClientScenario(name, STATELESS)))
          .toList();

  /// The suite counts these for nothing, but they are right or wrong.
  private static final List<String> ALSO =
      List.of("http-header-validation", "http-custom-header-server-validation");

  private static final Path README = Path.of("..", "README.md");
  private static final Path RESULT = Path.of("target", "conformance.md");

  private static final ConformanceTable TABLE =
      new ConformanceTable(List.of(HANDSHAKE, STATELESS), SCENARIOS);

  private static ConformanceSuite suite;
  private static ConformanceGateway empty;

  @BeforeAll
  static void start() throws InterruptedException {
    suite = ConformanceSuite.install();
    empty = new ConformanceGateway();
  }

  @AfterAll
  static void stop() throws IOException {
    if (empty != null) {
      empty.close();
      Files.writeString(RESULT, TABLE.text());
    }
  }

  /// What follows says nothing if the server itself is not as it should be.
  @Test
  @Order(1)
  void theServerItselfConforms() throws InterruptedException {
    try (RunningServer server = suite.serve(Era.BOTH)) {
      Outcome handshake = suite.server(server.url(), HANDSHAKE, Optional.empty());
      Outcome stateless = suite.server(server.url(), STATELESS, Optional.empty());

      TABLE.server(ConformanceTable.DIRECT, HANDSHAKE, handshake);
      TABLE.server(ConformanceTable.DIRECT, STATELESS, stateless);
      assertPassed(handshake);
      assertPassed(stateless);
      assertThat(handshake.figures()).isEqualTo("84/0");
      assertThat(stateless.figures()).as("the 30 are tasks, an extension").isEqualTo("164/30");
    }
  }

  @ParameterizedTest
  @Order(2)
  @EnumSource
  void passesThroughTheGateway(Behind behind) throws InterruptedException {
    Optional<String> baseline = ConformanceGateway.baseline(behind);
    try (var gateway = ConformanceGateway.before(suite, behind)) {
      Outcome handshake = suite.server(gateway.url(), HANDSHAKE, Optional.empty());
      Outcome stateless = suite.server(gateway.url(), STATELESS, baseline);

      TABLE.server(behind.words(), HANDSHAKE, handshake);
      TABLE.server(behind.words(), STATELESS, stateless);
      assertPassed(handshake);
      assertPassed(stateless);
      assertThat(stateless.faults()).extracting(Check::scenario).doesNotContainAnyElementsOf(ALSO);
    }
  }

  @ParameterizedTest
  @Order(3)
  @MethodSource("scenariosAndEras")
  void isAGoodClientItself(ClientScenario scenario, String era) throws InterruptedException {
    Outcome outcome = empty.play(suite, scenario.name(), scenario.revision(), era);

    TABLE.client(scenario, era, outcome);
    assertPassed(outcome);
  }

  private static Stream<Arguments> scenariosAndEras() {
    return SCENARIOS.stream()
        .flatMap(scenario -> Stream.of("legacy", "modern").map(era -> arguments(scenario, era)));
  }

  private static void assertPassed(Outcome outcome) {
    assertThat(outcome.exit())
        .as(() -> "%s\n%s".formatted(outcome.faults(), outcome.output()))
        .isZero();
  }

  @Test
  @Order(4)
  void theReadmeShowsIt() throws IOException {
    assumeTrue(TABLE.complete(), "not all of the suite was run");

    assertThat(Files.readString(README))
        .as("what the README has to show is in app/" + RESULT)
        .contains(TABLE.text());
  }
}
