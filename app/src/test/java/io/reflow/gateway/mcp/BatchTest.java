package io.reflow.gateway.mcp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.fault.GatewayException.NotJson;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

final class BatchTest {

  @Test
  void splitsAnArrayIntoTheBytesOfItsMessages() {
    byte[] body = " [ {\"id\": 1.0, \"é\":[{}]} ,\n{\"b\":{}}] ".getBytes(UTF_8);

    assertThat(Batch.is(body)).isTrue();
    assertThat(Batch.split(body))
        .extracting(Object::toString)
        .containsExactly("{\"id\": 1.0, \"é\":[{}]}", "{\"b\":{}}");
  }

  @Test
  void aMessageAloneIsNoBatch() {
    assertThat(Batch.is("{\"a\":[]}".getBytes(UTF_8))).isFalse();
    assertThat(Batch.is(new byte[0])).isFalse();
  }

  @Test
  void refusesWhatIsNoArrayOfMessages() {
    for (String body : new String[] {"[]", "[1]", "[[{}]]", "[{},\"x\"]"}) {
      assertThatThrownBy(() -> Batch.split(body.getBytes(UTF_8)))
          .as(body)
          .isInstanceOf(InvalidRequest.class);
    }
    for (String body : new String[] {"[", "[{}", "[{},]", "[{}] x", "[{} {}]"}) {
      assertThatThrownBy(() -> Batch.split(body.getBytes(UTF_8)))
          .as(body)
          .isInstanceOf(NotJson.class);
    }
    for (Charset other : List.of(StandardCharsets.UTF_16LE, Charset.forName("UTF-32LE"))) {
      assertThatThrownBy(() -> Batch.split("[{}]".getBytes(other)))
          .as(other.name())
          .isInstanceOf(NotJson.class);
    }
    String tooMany = "[{}" + ",{}".repeat(Batch.MOST) + "]";
    assertThatThrownBy(() -> Batch.split(tooMany.getBytes(UTF_8)))
        .isInstanceOf(InvalidRequest.class);
  }
}
