package io.reflow.gateway.upstream.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.instance.LastLines;
import io.reflow.gateway.target.ProtocolMode;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.TargetSettings;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.FakeMcpServer.Script;
import io.reflow.gateway.testing.FakeStatelessServer;
import io.reflow.gateway.testing.FakeTools;
import io.reflow.gateway.testing.UpstreamFixtures;
import io.reflow.gateway.upstream.Listener;
import io.reflow.gateway.upstream.Opening;
import io.reflow.gateway.upstream.Upstream;
import io.reflow.gateway.upstream.era.Era;
import io.reflow.gateway.upstream.era.Eras;
import java.net.URI;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// How a target over HTTP is found out, from the first request to the session or without one.
final class HttpEraTest {

  private final FakeMcpServer older = new FakeMcpServer();
  private final FakeStatelessServer newer = new FakeStatelessServer();
  private final Eras eras = UpstreamFixtures.eras();
  private final HttpDial dial =
      new HttpDial(UpstreamFixtures.ADDRESSES, UpstreamFixtures.MCP, "0", eras);

  @AfterEach
  void stop() {
    dial.close();
    older.close();
    newer.close();
  }

  private static Target target(URI url, ProtocolMode mode) {
    Target target = UpstreamFixtures.target("fake", new Transport.StreamableHttp(url));
    TargetSettings usual = TargetSettings.DEFAULTS;
    return new Target(
        target.id(),
        target.name(),
        target.transport(),
        target.isolation(),
        target.auth(),
        0,
        Optional.empty(),
        Optional.empty(),
        true,
        1,
        new TargetSettings(
            usual.stateful(),
            mode,
            usual.features(),
            usual.replaySafe(),
            usual.trusted(),
            usual.uriMode(),
            usual.capabilities(),
            usual.description(),
            usual.network()),
        Instant.EPOCH,
        Instant.EPOCH);
  }

  private Upstream open(Target target) throws InterruptedException {
    return dial.open(
        (Transport.StreamableHttp) target.transport(),
        UpstreamFixtures.opening(target, Listener.NONE));
  }

  private Upstream open(Target target, boolean statelessClient) throws InterruptedException {
    return dial.open(
        (Transport.StreamableHttp) target.transport(),
        new Opening(
            target,
            UpstreamFixtures.shared(target).matching(statelessClient),
            UpstreamFixtures.NO_INJECTION,
            Listener.NONE,
            new LastLines(10)));
  }

  private void opensAs(Target target, Era era) throws InterruptedException {
    try (Upstream upstream = open(target)) {
      assertThat(upstream.facts().version().stateless()).isEqualTo(era == Era.STATELESS);
    }
    assertThat(eras.find(target)).contains(era);
  }

  @ParameterizedTest
  @CsvSource({"200, -32601", "200, -32602", "400, -32000", "400, -32600", "404, -32601"})
  void noSingleErrorIsTheSignOfAnOlderServer(int status, int code) throws InterruptedException {
    older.script(
        "server/discover",
        Script.respond(
            status,
            "application/json",
            "{\"jsonrpc\":\"2.0\",\"id\":$id,\"error\":{\"code\":%d,\"message\":\"x\"}}"
                .formatted(code)));

    opensAs(target(older.url(), ProtocolMode.AUTO), Era.INITIALIZE);
  }

  @Test
  void notEveryResultIsThatOfAStatelessServer() throws InterruptedException {
    older.answer("server/discover", "{}");

    opensAs(target(older.url(), ProtocolMode.AUTO), Era.INITIALIZE);
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 404, 405, 406, 415, 422})
  void aRefusalWithoutAMessageIsThatOfAnOlderServer(int status) throws InterruptedException {
    older.script("server/discover", Script.respond(status, "text/plain", "no"));

    opensAs(target(older.url(), ProtocolMode.AUTO), Era.INITIALIZE);
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403, 500, 502, 503})
  void troubleIsNoEvidenceAndIsNotRemembered(int status) {
    Target target = target(older.url(), ProtocolMode.AUTO);
    older.script("server/discover", Script.respond(status, "text/plain", "no"));

    assertThatThrownBy(() -> open(target)).isInstanceOf(UpstreamFailed.class);

    assertThat(eras.find(target)).isEmpty();
    assertThat(older.sessions()).isEmpty();
  }

  @Test
  void aServerThatCannotBeReachedIsNoEvidence() {
    Target target = target(URI.create("http://127.0.0.1:1/mcp"), ProtocolMode.AUTO);

    assertThatThrownBy(() -> open(target))
        .isInstanceOf(UpstreamFailed.class)
        .hasMessageContaining("can't be reached");
    assertThat(eras.find(target)).isEmpty();
  }

  @Test
  void aServerThatNamesItsVersionsIsNeverInitialized() {
    Target target = target(older.url(), ProtocolMode.AUTO);
    older.script(
        "server/discover",
        Script.respond(
            400,
            "application/json",
            "{\"jsonrpc\":\"2.0\",\"id\":$id,\"error\":{\"code\":-32022,\"message\":\"x\","
                + "\"data\":{\"supported\":[\"2027-01-01\"],\"requested\":\"2026-07-28\"}}}"));

    assertThatThrownBy(() -> open(target)).isInstanceOf(UpstreamFailed.class);
    assertThat(older.sessions()).isEmpty();
    assertThat(older.received())
        .noneMatch(request -> FakeTools.method(request.body()).equals("initialize"));
  }

  @Test
  void aConnectionThatEndsInsteadOfAnAnswerIsNoEvidence() throws InterruptedException {
    newer.script(
        "server/discover",
        (exchange, _) -> {
          newer.unscript("server/discover");
          exchange.close();
        });

    opensAs(target(newer.url(), ProtocolMode.AUTO), Era.STATELESS);
    assertThat(newer.received("server/discover")).hasSize(2);
  }

  @Test
  void anUpgradedServerIsFoundOutWhenItsSessionCannotBeOpened() throws InterruptedException {
    Target target = target(newer.url(), ProtocolMode.AUTO);
    eras.learn(target, Era.INITIALIZE);

    opensAs(target, Era.STATELESS);
  }

  @Test
  void aServerThatWasPutBackIsFoundOutAtTheNextOpening() throws InterruptedException {
    Target target = target(older.url(), ProtocolMode.AUTO);
    eras.learn(target, Era.STATELESS);

    opensAs(target, Era.INITIALIZE);
  }

  @Test
  void aPinnedEraIsNotAskedFor() throws InterruptedException {
    older.answer("server/discover", "{\"supportedVersions\":[\"2026-07-28\"]}");
    try (Upstream upstream = open(target(older.url(), ProtocolMode.LEGACY))) {
      assertThat(upstream.facts().version().stateless()).isFalse();
    }
    assertThatThrownBy(() -> open(target(newer.url(), ProtocolMode.LEGACY)))
        .isInstanceOf(UpstreamFailed.class);
    older.unscript("server/discover");
    assertThatThrownBy(() -> open(target(older.url(), ProtocolMode.MODERN)))
        .isInstanceOf(UpstreamFailed.class)
        .hasMessageContaining("modern");
  }

  @Test
  void aServerOfBothErasIsSpokenWithAsItsClientSpeaks() throws InterruptedException {
    older.answer("server/discover", "{\"supportedVersions\":[\"2026-07-28\",\"2025-11-25\"]}");
    Target both = target(older.url(), ProtocolMode.MATCH);
    try (Upstream forOlder = open(both, false);
        Upstream forNewer = open(both, true)) {
      assertThat(forOlder.facts().version().stateless()).isFalse();
      assertThat(forNewer.facts().version().stateless()).isTrue();
    }
    try (Upstream onlyNew = open(target(newer.url(), ProtocolMode.MATCH), false)) {
      assertThat(onlyNew.facts().version().stateless()).isTrue();
    }
    assertThat(eras.stateless(both)).isFalse();
  }

  @Test
  void whatIsKnownIsKeptThoughOneOpeningFails() {
    Target target = target(newer.url(), ProtocolMode.AUTO);
    eras.learn(target, Era.STATELESS);
    newer.script("server/discover", Script.respond(503, "text/plain", "later"));

    assertThatThrownBy(() -> open(target)).isInstanceOf(UpstreamFailed.class);

    assertThat(eras.find(target)).contains(Era.STATELESS);
  }
}
