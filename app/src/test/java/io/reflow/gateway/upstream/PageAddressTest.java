package io.reflow.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PageAddressTest {

  private static boolean refused(String address) throws MalformedMessage {
    String params = "{\"mode\":\"url\",\"url\":%s}".formatted(JsonText.quote(address));
    return PageAddress.unsafe("elicitation/create", MessageReader.readObject(RawJson.of(params)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://example.com/login?x=1",
        "HTTPS://example.com",
        "http://localhost:8080/callback",
        "http://127.0.0.1/",
        "http://[::1]:1/"
      })
  void pagesAreReachedSafely(String address) throws MalformedMessage {
    assertThat(refused(address)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "http://example.com/",
        "http://localhost.example.com/",
        "http://localhost@example.com/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "data:text/html,x",
        "https:///nowhere",
        "https://bad host/",
        "//example.com"
      })
  void nothingElseIsOpened(String address) throws MalformedMessage {
    assertThat(refused(address)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{\"mode\":\"form\"}", "{\"mode\":\"form\",\"url\":\"x:y\"}"})
  void formsSendNobodyAnywhere(String params) throws MalformedMessage {
    assertThat(
            PageAddress.unsafe("elicitation/create", MessageReader.readObject(RawJson.of(params))))
        .isFalse();
  }
}
