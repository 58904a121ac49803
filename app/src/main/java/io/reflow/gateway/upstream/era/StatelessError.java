package io.reflow.gateway.upstream.era;

import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Answer;
import java.util.Optional;

/// The error of a target, as far as the stateless era gives it a meaning.
public record StatelessError(int code, JsonObject data) {

  public static final int HEADER_MISMATCH = -32020;
  public static final int MISSING_CAPABILITY = -32021;
  public static final int UNSUPPORTED_VERSION = -32022;

  /// Reads an error; its code is 0 where it is no number.
  public static StatelessError read(RawJson error) throws MalformedMessage {
    JsonObject members = MessageReader.readObject(error);
    Optional<RawJson> data = members.value("data").filter(StatelessError::isObject);
    return new StatelessError(
        members.value("code").map(StatelessError::number).orElse(0),
        data.isPresent() ? MessageReader.readObject(data.get()) : JsonObject.EMPTY);
  }

  /// Whether an answer is the error of this code.
  public static boolean is(Answer answer, int code) {
    try {
      return answer instanceof Answer.Failure(var error) && read(error).code() == code;
    } catch (MalformedMessage _) {
      return false;
    }
  }

  private static int number(RawJson code) {
    try {
      return code.length() > 11 ? 0 : Integer.parseInt(code.toString());
    } catch (NumberFormatException _) {
      return 0;
    }
  }

  private static boolean isObject(RawJson value) {
    return value.array()[value.from()] == '{';
  }

  /// What the client would have to declare, by the word of a [#MISSING_CAPABILITY].
  public Optional<RawJson> requiredCapabilities() {
    return data.value("requiredCapabilities").filter(StatelessError::isObject);
  }
}
