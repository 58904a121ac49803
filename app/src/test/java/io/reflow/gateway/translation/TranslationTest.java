package io.reflow.gateway.translation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.target.CapabilityMode;
import io.reflow.gateway.target.Isolation;
import io.reflow.gateway.target.ProtocolMode;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.target.TargetSettings;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.target.UpstreamAuth;
import io.reflow.gateway.target.UriMode;
import io.reflow.gateway.upstream.Answer;
import java.net.URI;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class TranslationTest {

  private static final ProtocolVersion FIRST = ProtocolVersion.V2024_11_05;
  private static final ProtocolVersion SPRING = ProtocolVersion.V2025_03_26;
  private static final ProtocolVersion SUMMER = ProtocolVersion.V2025_06_18;
  private static final ProtocolVersion AUTUMN = ProtocolVersion.V2025_11_25;
  private static final ProtocolVersion STATELESS = ProtocolVersion.V2026_07_28;

  private static final String LINK =
      "{\"type\":\"resource_link\",\"uri\":\"a://1\",\"name\":\"one\",\"size\":1.0,"
          + "\"annotations\":{\"priority\":1.0}}";
  private static final String AUDIO =
      "{\"type\":\"audio\",\"data\":\"UklG\",\"mimeType\":\"audio/wav\",\"_meta\":{\"k\":1e400}}";

  private static Translation between(ProtocolVersion client, ProtocolVersion target) {
    return Translation.between(client, target, ResourceUris.OWN, Optional.empty());
  }

  private static String result(
      ProtocolVersion client, ProtocolVersion target, String method, String result)
      throws MalformedMessage {
    return between(client, target).result(method, RawJson.of(result)).toString();
  }

  @ParameterizedTest
  @EnumSource(ProtocolVersion.class)
  void betweenEqualRevisionsNothingIsEvenRead(ProtocolVersion version) throws MalformedMessage {
    RawJson unreadable = RawJson.of("{\"content\":[{\"type\":\"new\"}],\"content\":");

    for (String method : new String[] {"tools/call", "prompts/get", "resources/read", "other"}) {
      assertThat(between(version, version).result(method, unreadable)).isSameAs(unreadable);
    }
  }

  @Test
  void aPayloadOfKnownTypesIsNotRead() throws MalformedMessage {
    RawJson unreadable =
        RawJson.of("{\"content\":[{\"type\" :\n \"text\",\"text\":\"\\\"type\\\":\\\"new\\\"\"}");

    assertThat(between(SUMMER, AUTUMN).result("tools/call", unreadable)).isSameAs(unreadable);
    assertThat(between(AUTUMN, SUMMER).result("tools/call", unreadable)).isSameAs(unreadable);
    assertThat(between(FIRST, AUTUMN).result("resources/read", unreadable)).isSameAs(unreadable);
  }

  @Test
  void whatSpeaksOfTheStatelessEraIsTakenOff() throws MalformedMessage {
    String result =
        "{\"x\":1.0,\"resultType\":\"complete\",\"content\":[],\"ttlMs\":5,"
            + "\"_meta\":{\"io.modelcontextprotocol/serverInfo\":{},\"k\":1E400}}";

    assertThat(result(AUTUMN, STATELESS, "tools/call", result))
        .isEqualTo("{\"x\":1.0,\"content\":[],\"ttlMs\":5,\"_meta\":{\"k\":1E400}}");
    assertThat(result(FIRST, STATELESS, "resources/read", result))
        .isEqualTo("{\"x\":1.0,\"content\":[],\"_meta\":{\"k\":1E400}}");
    assertThat(result(STATELESS, STATELESS, "tools/call", result)).isEqualTo(result);
    assertThat(
            result(
                AUTUMN,
                STATELESS,
                "prompts/get",
                "{\"messages\":[],\"_meta\":{\"io.modelcontextprotocol/serverInfo\":{}}}"))
        .isEqualTo("{\"messages\":[]}");
  }

  @Test
  void whatStatelessClientsRequireIsPutOn() throws MalformedMessage {
    assertThat(result(STATELESS, AUTUMN, "tools/call", "{\"structuredContent\":{\"a\":1.0}}"))
        .isEqualTo("{\"structuredContent\":{\"a\":1.0},\"content\":[]}");
    assertThat(result(STATELESS, AUTUMN, "tools/call", "{\"content\":[1.0]}"))
        .isEqualTo("{\"content\":[1.0]}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"[1.0,\"é\"]", "\"text\"", "1e400", "null", "true"})
  void structuredContentThatIsNoObjectBecomesText(String structured) throws MalformedMessage {
    String result = "{\"content\":[],\"structuredContent\":" + structured + "}";
    String text = structured.replace("\"", "\\\"");

    assertThat(result(AUTUMN, STATELESS, "tools/call", result))
        .isEqualTo("{\"content\":[{\"type\":\"text\",\"text\":\"" + text + "\"}]}");
    assertThat(result(STATELESS, STATELESS, "tools/call", result)).isEqualTo(result);
  }

  @Test
  void structuredContentThatStandsThereAsTextIsNotRepeated() throws MalformedMessage {
    String result =
        "{\"content\":[{\"type\":\"text\",\"text\":\"[ 1.0 ]\"}],\"structuredContent\":[1.0]}";

    assertThat(result(AUTUMN, STATELESS, "tools/call", result))
        .isEqualTo("{\"content\":[{\"type\":\"text\",\"text\":\"[ 1.0 ]\"}]}");
  }

  @Test
  void structuredContentThatIsAnObjectStays() throws MalformedMessage {
    String result = "{\"structuredContent\":{\"a\":[1.0]},\"content\":[]}";

    assertThat(result(AUTUMN, STATELESS, "tools/call", result)).isEqualTo(result);
  }

  @Test
  void linksBecomeTextWhereClientsKnowNone() throws MalformedMessage {
    String result = "{\"content\":[" + LINK + ",{\"type\":\"text\",\"text\":\"\"}],\"x\":1.0}";

    assertThat(result(SPRING, AUTUMN, "tools/call", result))
        .isEqualTo(
            "{\"content\":[{\"type\":\"text\",\"text\":\"one: a://1\","
                + "\"annotations\":{\"priority\":1.0}},{\"type\":\"text\",\"text\":\"\"}],"
                + "\"x\":1.0}");
    assertThat(result(SUMMER, AUTUMN, "tools/call", result)).isEqualTo(result);
  }

  @Test
  void soundsBecomeResourcesWhereClientsKnowNone() throws MalformedMessage {
    String result = "{\"messages\":[{\"role\":\"user\",\"content\":" + AUDIO + "}]}";

    assertThat(result(FIRST, SUMMER, "prompts/get", result))
        .isEqualTo(
            "{\"messages\":[{\"role\":\"user\",\"content\":{\"type\":\"resource\",\"resource\":"
                + "{\"uri\":\"urn:reflow:audio\",\"mimeType\":\"audio/wav\",\"blob\":\"UklG\"},"
                + "\"_meta\":{\"k\":1e400}}}]}");
    assertThat(result(SPRING, SUMMER, "prompts/get", result)).isEqualTo(result);
  }

  @Test
  void unknownBlocksBecomeTextForOldClientsOnly() throws MalformedMessage {
    String result = "{\"content\":[{\"type\":\"hologram\",\"rays\":[1.0]}]}";
    String text = "{\\\"type\\\":\\\"hologram\\\",\\\"rays\\\":[1.0]}";

    assertThat(result(SUMMER, AUTUMN, "tools/call", result))
        .isEqualTo("{\"content\":[{\"type\":\"text\",\"text\":\"" + text + "\"}]}");
    assertThat(result(AUTUMN, STATELESS, "tools/call", result)).isEqualTo(result);
    assertThat(result(STATELESS, AUTUMN, "tools/call", result)).isEqualTo(result);
  }

  @Test
  void aResultThatReadsInTwoWaysIsRefusedWhereItMustBeRead() {
    assertThatThrownBy(
            () -> result(AUTUMN, STATELESS, "tools/call", "{\"resultType\":1,\"ResultType\":2}"))
        .isInstanceOf(MalformedMessage.class);
  }

  @Test
  void wrappedUrisAreWrappedWhereverTheyNameAResource() throws MalformedMessage {
    Translation wrapping = wrapping("fs");

    assertThat(
            wrapping
                .result(
                    "tools/call",
                    RawJson.of(
                        "{\"content\":[{\"type\":\"resource_link\",\"uri\":\"a://1\",\"x\":1.0},"
                            + "{\"type\":\"resource\",\"resource\":{\"uri\":\"ui://w/p\"}},"
                            + "{\"type\":\"text\",\"text\":\"a://1\",\"uri\":\"a://1\"}],"
                            + "\"structuredContent\":{\"uri\":\"a://1\"}}"))
                .toString())
        .isEqualTo(
            "{\"content\":[{\"type\":\"resource_link\",\"uri\":\"reflow://fs/a://1\",\"x\":1.0},"
                + "{\"type\":\"resource\",\"resource\":{\"uri\":\"ui://fs.reflow/w/p\"}},"
                + "{\"type\":\"text\",\"text\":\"a://1\",\"uri\":\"a://1\"}],"
                + "\"structuredContent\":{\"uri\":\"a://1\"}}");
    assertThat(
            wrapping
                .result(
                    "resources/read",
                    RawJson.of("{\"contents\":[{\"uri\":\"a://1\",\"text\":\"a://1\"}]}"))
                .toString())
        .isEqualTo("{\"contents\":[{\"uri\":\"reflow://fs/a://1\",\"text\":\"a://1\"}]}");
  }

  @ParameterizedTest
  @CsvSource({
    "file:///{path},reflow://fs/file:///{path}",
    "ui://x/y?z#1,ui://fs.reflow/x/y?z#1",
    "reflow://fs/a,reflow://fs/reflow://fs/a",
    "urn:x,reflow://fs/urn:x"
  })
  void wrappingIsUndoneExactly(String own, String exposed) {
    ResourceUris uris = ResourceUris.of(target("fs", UriMode.WRAP));

    assertThat(uris.exposed(own)).isEqualTo(exposed);
    assertThat(uris.own(exposed)).contains(own);
    assertThat(ResourceUris.of(target("f", UriMode.WRAP)).own(exposed)).isEmpty();
    assertThat(ResourceUris.of(target("fs", UriMode.PASSTHROUGH)).own(exposed)).contains(exposed);
  }

  @Test
  void whoAnsweredIsToldWhereItIsWanted() throws MalformedMessage {
    Translation telling =
        Translation.between(
            AUTUMN, STATELESS, ResourceUris.OWN, Optional.of(RawJson.of("{\"target\":\"t\"}")));

    assertThat(
            telling
                .result(
                    "tools/call",
                    RawJson.of(
                        "{\"content\":[],\"_meta\":{\"io.modelcontextprotocol/serverInfo\":1}}"))
                .toString())
        .isEqualTo("{\"content\":[],\"_meta\":{\"com.reflow/upstream\":{\"target\":\"t\"}}}");
  }

  private static String answered(
      ProtocolVersion client, ProtocolVersion target, String method, boolean urls, String error)
      throws MalformedMessage {
    var capabilities =
        new ClientCapabilities(false, false, false, false, false, true, urls, Optional.empty());
    Optional<String> uri =
        method.equals("resources/read") ? Optional.of("a://1") : Optional.empty();
    Answer answer =
        between(client, target)
            .answer(new Asked(method, uri, capabilities), new Answer.Failure(RawJson.of(error)));
    return switch (answer) {
      case Answer.Result(var result, var _) -> result.toString();
      case Answer.Failure(var failure) -> failure.toString();
    };
  }

  @Test
  void thatThereIsNoSuchResourceHasTheCodeOfTheClientsRevision() throws MalformedMessage {
    String old = "{\"code\":-32002,\"message\":\"no\",\"x\":1.0}";
    String modern = "{\"code\":-32602,\"message\":\"no\",\"data\":{\"uri\":\"a://1\"}}";

    assertThat(answered(STATELESS, AUTUMN, "resources/read", false, old))
        .isEqualTo("{\"code\":-32602,\"message\":\"no\",\"x\":1.0,\"data\":{\"uri\":\"a://1\"}}");
    assertThat(answered(STATELESS, STATELESS, "resources/read", false, old)).contains("-32602");
    assertThat(answered(AUTUMN, STATELESS, "resources/read", false, modern))
        .isEqualTo("{\"code\":-32002,\"message\":\"no\",\"data\":{\"uri\":\"a://1\"}}");
    assertThat(answered(AUTUMN, STATELESS, "tools/call", false, modern)).isEqualTo(modern);
    assertThat(answered(AUTUMN, SUMMER, "resources/read", false, old)).isEqualTo(old);
  }

  @Test
  void errorsOfTheStatelessEraNeverReachSessions() throws MalformedMessage {
    String error =
        "{\"code\":-32021,\"message\":\"m\",\"data\":{\"requiredCapabilities\":{\"sampling\":{}}}}";

    assertThat(answered(AUTUMN, STATELESS, "tools/call", false, error))
        .contains("\"isError\":true")
        .contains("sampling");
    assertThat(answered(AUTUMN, STATELESS, "prompts/get", false, error)).contains("-32603");
    assertThat(answered(AUTUMN, STATELESS, "tools/call", false, "{\"code\":-32020}"))
        .contains("-32603");
    assertThat(answered(STATELESS, STATELESS, "tools/call", false, error)).isEqualTo(error);
  }

  @Test
  void pagesToOpenAreToldInWordsWhereClientsKnowNone() throws MalformedMessage {
    String error =
        "{\"code\":-32042,\"message\":\"m\",\"data\":{\"elicitations\":[{\"mode\":\"url\","
            + "\"message\":\"Log in\",\"url\":\"https://a.example/1\"}]}}";

    assertThat(answered(SUMMER, AUTUMN, "tools/call", true, error))
        .isEqualTo(
            "{\"content\":[{\"type\":\"text\",\"text\":\"Log in: https://a.example/1\"}],"
                + "\"isError\":true}");
    assertThat(answered(AUTUMN, AUTUMN, "tools/call", false, error)).contains("isError");
    assertThat(answered(AUTUMN, AUTUMN, "prompts/get", false, error)).contains("-32603");
    assertThat(answered(AUTUMN, AUTUMN, "tools/call", true, error)).isEqualTo(error);
  }

  private static Translation wrapping(String name) {
    return Translation.between(
        AUTUMN, AUTUMN, ResourceUris.of(target(name, UriMode.WRAP)), Optional.empty());
  }

  private static Target target(String name, UriMode mode) {
    return new Target(
        new TargetId(UUID.randomUUID()),
        name,
        new Transport.StreamableHttp(URI.create("http://localhost")),
        Isolation.SHARED,
        new UpstreamAuth.None(),
        0,
        Optional.empty(),
        Optional.empty(),
        true,
        0,
        new TargetSettings(
            false,
            ProtocolMode.AUTO,
            Map.of(),
            false,
            false,
            mode,
            CapabilityMode.FINGERPRINT,
            Optional.empty(),
            true),
        Instant.EPOCH,
        Instant.EPOCH);
  }
}
