package io.reflow.gateway.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class HeaderTextTest {

  @ParameterizedTest
  @CsvSource({
    "'Hello, 世界', =?base64?SGVsbG8sIOS4lueVjA==?=",
    "' padded ', =?base64?IHBhZGRlZCA=?=",
    "'=?base64?literal?=', =?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=",
    "'', =?base64??="
  })
  void whatAHeaderCannotHoldIsEncoded(String text, String value) {
    assertThat(HeaderText.encode(text)).isEqualTo(value);
    assertThat(HeaderText.decode(value)).contains(text);
  }

  @Test
  void lineBreaksNeverGetIntoAHeader() {
    assertThat(HeaderText.encode("a\r\nX-Evil: 1")).doesNotContain("\r", "\n", "Evil");
    assertThat(HeaderText.decode(HeaderText.encode("a\r\nb\t"))).contains("a\r\nb\t");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"us-west1", "Hello, world", "file:///a?b=c", "=?base64?half", "=?utf-8?Q?x?="})
  void whatTravelsAsItIsStaysAsItIs(String text) {
    assertThat(HeaderText.encode(text)).isEqualTo(text);
    assertThat(HeaderText.decode(text)).contains(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "=?base64?IHBhZGRlZCA?=",
        "=?base64?IHBhZGRlZCB=?=",
        "=?base64?IHBh\nZGRlZCA=?=",
        "=?base64?-_-_?=",
        "=?base64?%%%%?=",
        "=?base64?//79?="
      })
  void whatClaimsToBeEncodedMustBe(String value) {
    assertThat(HeaderText.decode(value)).isEmpty();
  }
}
