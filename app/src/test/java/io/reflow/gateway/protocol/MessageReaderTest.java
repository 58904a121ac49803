package io.reflow.gateway.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MessageReaderTest {

  @Test
  void readsARequestAndKeepsTheTextOfItsParts() throws MalformedMessage {
    var request =
        (Message.Request)
            read(
                "{ \"jsonrpc\":\"2.0\", \"id\" : 007.x ".replace("007.x", "12345678901234567890")
                    + ",\"method\":\"tools/call\",\"params\":{\"name\":\"a\\u0062\","
                    + "\"arguments\":{ \"n\":1.0 },\"_meta\":{\"progressToken\":\"p\"}}}");

    assertThat(request.id()).hasToString("12345678901234567890");
    assertThat(request.method()).isEqualTo("tools/call");
    assertThat(request.params().text("name")).contains("ab");
    assertThat(request.params().value("name").orElseThrow()).hasToString("\"a\\u0062\"");
    assertThat(request.params().value("arguments").orElseThrow()).hasToString("{ \"n\":1.0 }");
    assertThat(request.params().object("_meta").text("progressToken")).contains("p");
  }

  @Test
  void readsMessagesInsideALargerBuffer() throws MalformedMessage {
    byte[] buffer =
        "xx{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"é\":[1,2]}}yy"
            .getBytes(StandardCharsets.UTF_8);

    var result = (Message.Result) MessageReader.read(buffer, 2, buffer.length - 2);

    assertThat(result.id()).hasToString("1");
    assertThat(result.result()).hasToString("{\"é\":[1,2]}");
  }

  @Test
  void readsNotificationsAndFailures() throws MalformedMessage {
    assertThat(read("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}"))
        .isInstanceOf(Message.Notification.class);
    assertThat(read("{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700}}"))
        .isInstanceOfSatisfying(
            Message.Failure.class, failure -> assertThat(failure.id()).isEmpty());
  }

  @Test
  void changesOnlyWhatIsAskedFor() throws MalformedMessage {
    var request =
        (Message.Request)
            read(
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"x_y\","
                    + " \"task\":{},\"arguments\":{\"a\" : 1e2}}}");

    RawJson changed =
        new JsonObjectEdit(request.params())
            .set("name", JsonText.string("y"))
            .drop("task")
            .set("_meta", RawJson.of("{\"progressToken\":7}"))
            .apply();

    assertThat(changed)
        .hasToString(
            "{\"name\":\"y\",\"arguments\":{\"a\" : 1e2},\"_meta\":{\"progressToken\":7}}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "   ",
        "[]",
        "1",
        "null",
        "{",
        "{\"jsonrpc\":\"2.0\"}",
        "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"m\"}",
        "{\"id\":1,\"method\":\"m\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"m\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"m\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1e3,\"method\":\"m\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"m\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":[1],\"method\":\"m\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":2}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"params\":[]}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"params\":null}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\"} {}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"m\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"\\u0069d\":2,\"method\":\"m\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"ID\":2,\"method\":\"m\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"params\":{\"name\":\"a\",\"Name\":\"b\"}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"params\":{\"_meta\":{\"a\":1,\"a\":2}}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"params\":{\"ref\":{\"a\":1,\"a\":2}}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"params\":{\"x\":\"\\ud800\"}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"params\":{\"x\":\"\\udc00\\ud800\"}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"params\":{\"x\":\"a\u0000b\"}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"params\":{\"x\":\"a\nb\"}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{},\"error\":{}}",
        "{\"jsonrpc\":\"2.0\",\"result\":{}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":3}",
        "{'jsonrpc':'2.0','id':1,'method':'m'}",
        "\uFEFF{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\"}",
      })
  void refusesWhatIsNotOneClearMessage(String text) {
    assertThatThrownBy(() -> read(text)).isInstanceOf(MalformedMessage.class);
  }

  @Test
  void refusesInvalidUtf8() {
    for (int[] bad :
        new int[][] {{0xC0, 0xAF}, {0xED, 0xA0, 0x80}, {0xF5, 0x80, 0x80, 0x80}, {0xE2, 0x82}}) {
      byte[] bytes =
          "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"params\":{\"x\":\"????????\"}}"
              .getBytes(StandardCharsets.US_ASCII);
      int at = new String(bytes, StandardCharsets.US_ASCII).indexOf('?');
      for (int i = 0; i < bad.length; i++) {
        bytes[at + i] = (byte) bad[i];
      }

      assertThatThrownBy(() -> MessageReader.read(bytes, 0, bytes.length))
          .isInstanceOf(MalformedMessage.class);
    }
  }

  @Test
  void refusesWhatIsNestedTooDeeply() {
    String deep = "[".repeat(10_000) + "]".repeat(10_000);

    assertThatThrownBy(() ->
            read("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"params\":{\"x\":" + deep + "}}"))
        .isInstanceOfSatisfying(
            MalformedMessage.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_REQUEST));
  }

  private static Message read(String text) throws MalformedMessage {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return MessageReader.read(bytes, 0, bytes.length);
  }
}
