package io.reflow.gateway.translation;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class InputRequestsTest {

  private static final ProtocolVersion SPRING = ProtocolVersion.V2025_03_26;
  private static final ProtocolVersion SUMMER = ProtocolVersion.V2025_06_18;
  private static final ProtocolVersion AUTUMN = ProtocolVersion.V2025_11_25;
  private static final ProtocolVersion STATELESS = ProtocolVersion.V2026_07_28;

  private static final String FORM =
      """
      {"message":"m","requestedSchema":{"type":"object","properties":{\
      "one":{"type":"string","oneOf":[{"const":"a","title":"Ay"},{"const":"b"}],"default":"a"},\
      "few":{"type":"array","description":"Few.","items":{"type":"string","enum":["a","b"]},\
      "minItems":1,"default":["a","b"]},\
      "many":{"type":"array","items":{"anyOf":[{"const":"a","title":"Ay"},\
      {"const":"b","title":"Bee"}]}},\
      "size":{"type":"number","default":1.0}},"required":["one"]},"x":1e400}\
      """;

  private static final String PLAIN =
      """
      {"message":"m","requestedSchema":{"type":"object","properties":{\
      "one":{"type":"string","default":"a","enum":["a","b"],"enumNames":["Ay","b"]},\
      "few":{"type":"string",\
      "description":"Few. Any of these, separated by commas: a, b","default":"a, b"},\
      "many":{"type":"string",\
      "description":"Any of these, separated by commas: a (Ay), b (Bee)"},\
      "size":{"type":"number","default":1.0}},"required":["one"]},"x":1e400}\
      """;

  private static InputRequests between(ProtocolVersion client, ProtocolVersion target) {
    return Translation.between(client, target, ResourceUris.OWN, Optional.empty()).inputs();
  }

  private static JsonObject object(String text) throws MalformedMessage {
    return MessageReader.readObject(RawJson.of(text));
  }

  @ParameterizedTest
  @EnumSource(ProtocolVersion.class)
  void betweenEqualRevisionsNothingChanges(ProtocolVersion version) throws MalformedMessage {
    JsonObject form = object(FORM);
    RawJson answer = RawJson.of("{\"action\":\"accept\",\"content\":{\"few\":\"a\"}}");
    InputRequests inputs = between(version, version);

    assertThat(inputs.question("elicitation/create", form)).isSameAs(form.raw());
    assertThat(inputs.answer("elicitation/create", form, answer)).isSameAs(answer);
  }

  @Test
  void aFormWithChoicesIsPutInTheWordsOfTheClient() throws MalformedMessage {
    JsonObject form = object(FORM);

    assertThat(between(SUMMER, AUTUMN).question("elicitation/create", form)).hasToString(PLAIN);
    assertThat(between(SUMMER, STATELESS).question("elicitation/create", form)).hasToString(PLAIN);
    assertThat(between(AUTUMN, STATELESS).question("elicitation/create", form)).hasToString(FORM);
  }

  @Test
  void theAnswerToSuchAFormHasListsAgain() throws MalformedMessage {
    RawJson answer =
        RawJson.of(
            "{\"action\":\"accept\",\"content\":{\"one\":\"b\",\"few\":\"b , a\",\"x\":1.0,"
                + "\"many\":\"bee,a\",\"size\":1e400}}");

    assertThat(between(SUMMER, AUTUMN).answer("elicitation/create", object(FORM), answer))
        .hasToString(
            "{\"action\":\"accept\",\"content\":{\"one\":\"b\",\"few\":[\"b\",\"a\"],\"x\":1.0,"
                + "\"many\":[\"b\",\"a\"],\"size\":1e400}}");
  }

  @Test
  void aNoIsANo() throws MalformedMessage {
    RawJson no = RawJson.of("{\"action\":\"decline\"}");

    assertThat(between(SUMMER, AUTUMN).answer("elicitation/create", object(FORM), no)).isSameAs(no);
  }

  @Test
  void aMessageOfSeveralBlocksBecomesSeveral() throws MalformedMessage {
    JsonObject params =
        object(
            "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"1\"},"
                + "{\"type\":\"image\",\"data\":\"\"}],\"x\":1.0},"
                + "{\"role\":\"assistant\",\"content\":{\"type\":\"text\",\"text\":\"2\"}}],"
                + "\"maxTokens\":1.0}");

    assertThat(between(SUMMER, AUTUMN).question("sampling/createMessage", params))
        .hasToString(
            "{\"messages\":[{\"role\":\"user\",\"content\":{\"type\":\"text\",\"text\":\"1\"},"
                + "\"x\":1.0},{\"role\":\"user\",\"content\":{\"type\":\"image\",\"data\":\"\"},"
                + "\"x\":1.0},"
                + "{\"role\":\"assistant\",\"content\":{\"type\":\"text\",\"text\":\"2\"}}],"
                + "\"maxTokens\":1.0}");
    assertThat(between(AUTUMN, STATELESS).question("sampling/createMessage", params))
        .isSameAs(params.raw());
  }

  @Test
  void anAnswerOfSeveralBlocksBecomesOne() throws MalformedMessage {
    JsonObject params = object("{\"messages\":[]}");
    InputRequests inputs = between(AUTUMN, SPRING);

    assertThat(
            inputs.answer(
                "sampling/createMessage",
                params,
                RawJson.of("{\"role\":\"assistant\",\"content\":[{\"type\":\"image\"}]}")))
        .hasToString("{\"role\":\"assistant\",\"content\":{\"type\":\"image\"}}");
    assertThat(
            inputs.answer(
                "sampling/createMessage",
                params,
                RawJson.of(
                    "{\"content\":[{\"type\":\"text\",\"text\":\"a\"},"
                        + "{\"type\":\"text\",\"text\":\"b\"}],\"model\":\"m\"}")))
        .hasToString("{\"content\":{\"type\":\"text\",\"text\":\"a\\nb\"},\"model\":\"m\"}");
  }
}
