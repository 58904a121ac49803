package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.protocol.LogLevel;
import io.reflow.gateway.protocol.RawJson;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

final class AsidesTest {

  private final List<String> sent = new CopyOnWriteArrayList<>();
  private final Asides asides =
      new Asides(Optional.of(RawJson.of("\"mine\"")), message -> sent.add(message.toString()));

  private static RawJson progress(String value) {
    return RawJson.of("{\"progressToken\":7,\"progress\":" + value + "}");
  }

  private static RawJson log(String level) {
    return RawJson.of("{\"level\":\"" + level + "\",\"data\":1.0}");
  }

  @Test
  void progressOnlyEverGrowsUnderTheClientsToken() {
    for (String value : List.of("2", "1", "2.0", "\"3\"", "{}", "2.5", "10")) {
      asides.progress(progress(value));
    }

    assertThat(sent)
        .containsExactly(
            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":"
                + "{\"progressToken\":\"mine\",\"progress\":2}}",
            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":"
                + "{\"progressToken\":\"mine\",\"progress\":2.5}}",
            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":"
                + "{\"progressToken\":\"mine\",\"progress\":10}}");
  }

  @Test
  void whoGaveNoTokenHearsOfNoProgress() {
    new Asides(Optional.empty(), message -> sent.add(message.toString())).progress(progress("1"));

    assertThat(sent).isEmpty();
  }

  @Test
  void onlyWhatIsGraveEnoughIsLogged() {
    asides.log(log("info"), Optional.of(LogLevel.WARNING));
    asides.log(log("loud"), Optional.of(LogLevel.DEBUG));
    asides.log(log("error"), Optional.empty());
    asides.log(log("error"), Optional.of(LogLevel.WARNING));

    assertThat(sent)
        .containsExactly(
            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":"
                + "{\"level\":\"error\",\"data\":1.0}}");
  }

  @Test
  void ofWhatComesTooFastTheLastGoesOutBeforeTheAnswer() {
    for (int i = 1; i <= 100; i++) {
      asides.progress(progress(Integer.toString(i)));
    }

    asides.flush();

    assertThat(sent).hasSizeLessThan(60).last().asString().contains("\"progress\":100}");
  }
}
