package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.telemetry.Trace;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class BatchesTest {

  private static final int ANSWERS = 40;

  @Test
  void holdsOnlySoMuchOfWhatIsAnswered() throws IOException, InterruptedException {
    String large = "\"" + "x".repeat(1 << 20) + "\"";
    var batches =
        new Batches(
            call -> Replies.result(RawJson.of(id(call)), RawJson.of("{\"text\":" + large + "}")));

    RawJson array =
        batches.array(
            IntStream.range(0, ANSWERS)
                .mapToObj("{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"ping\"}"::formatted)
                .map(RawJson::of)
                .toList(),
            incoming(),
            () -> new AuditTrail(Instant.EPOCH, "0", Trace.OFF, true, () -> ""));

    assertThat(array.length()).isBetween(30 << 20, 33 << 20);
    JsonNode answers = new ObjectMapper().readTree(array.array(), array.from(), array.length());
    assertThat(answers).hasSize(ANSWERS);
    for (int i = 0; i < ANSWERS; i++) {
      JsonNode answer = answers.get(i);
      assertThat(answer.get("id").asInt()).isEqualTo(i);
      assertThat(answer.has("result") || answer.at("/error/code").asInt() == -32603).isTrue();
    }
    assertThat(answers.findValues("error")).hasSizeBetween(7, 10);
  }

  private static String id(Call.Received call) {
    String message = new String(call.http().body().read(), StandardCharsets.UTF_8);
    return message.replaceAll(".*\"id\":(\\d+).*", "$1");
  }

  private static Incoming incoming() {
    return new Incoming(
        Incoming.Verb.MESSAGE,
        Optional::empty,
        Optional.empty(),
        Optional.empty(),
        _ -> Optional.empty(),
        Optional.empty(),
        () -> new byte[0],
        new ClientStream(false, OutputStream::nullOutputStream),
        SessionStream.ofAnswer(false, OutputStream::nullOutputStream),
        Incoming.ALONE);
  }
}
