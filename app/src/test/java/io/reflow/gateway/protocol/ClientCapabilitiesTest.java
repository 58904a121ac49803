package io.reflow.gateway.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClientCapabilitiesTest {

  private static final ClientCapabilities FORMS_AND_SAMPLING =
      new ClientCapabilities(false, false, true, false, false, true, false, Optional.empty());

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          elicitation/create     | {"message":"m"}              | true
          elicitation/create     | {"mode":"form"}              | true
          elicitation/create     | {"mode":"url"}               | false
          sampling/createMessage | {"messages":[]}              | true
          sampling/createMessage | {"tools":[]}                 | false
          sampling/createMessage | {"toolChoice":{}}            | false
          roots/list             | {}                           | false
          tasks/list             | {}                           | false
          """)
  void whatWasNotDeclaredIsNotAllowed(String method, String params, boolean allowed)
      throws MalformedMessage {
    assertThat(FORMS_AND_SAMPLING.allow(method, MessageReader.readObject(RawJson.of(params))))
        .isEqualTo(allowed);
    assertThat(ClientCapabilities.ALL.allow(method, JsonObject.EMPTY))
        .isEqualTo(!method.equals("tasks/list"));
  }
}
