package io.reflow.gateway.mcp;

import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.ErrorCode;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.Session;
import java.util.Map;
import java.util.Optional;

/// The errors of targets as stateless clients get them: with the status that goes with the code,
/// and without what speaks of the gateway's own connection to the target.
final class TargetErrors {

  private static final RawJson INTERNAL = code(ErrorCode.INTERNAL_ERROR);

  private TargetErrors() {}

  static Reply reply(Session session, RawJson id, RawJson error, AuditTrail trail) {
    Reply.Answer plain = Replies.failure(id, error, trail);
    try {
      JsonObject members = MessageReader.readObject(error);
      RawJson code = members.value("code").orElse(INTERNAL);
      if (code.equals(code(ErrorCode.METHOD_NOT_FOUND))) {
        return new Reply.Refusal(404, Map.of(), plain.message());
      }
      if (code.equals(code(ErrorCode.MISSING_CAPABILITY))) {
        return lacks(session.capabilities(), members)
            ? new Reply.Refusal(400, Map.of(), plain.message())
            : internal(id, members, "The target needs of its client what the gateway can't give");
      }
      return code.equals(code(ErrorCode.HEADER_MISMATCH))
              || code.equals(code(ErrorCode.UNSUPPORTED_VERSION))
              || code.toString().equals(Integer.toString(PagesToOpen.CODE))
          ? internal(id, members, "The target and the gateway do not understand each other")
          : plain;
    } catch (MalformedMessage _) {
      return plain;
    }
  }

  private static RawJson code(ErrorCode code) {
    return RawJson.of(Integer.toString(code.value()));
  }

  /// Whether the client itself has not declared what the target needs.
  private static boolean lacks(ClientCapabilities client, JsonObject error)
      throws MalformedMessage {
    Optional<RawJson> data = error.value("data").filter(TargetErrors::isObject);
    Optional<RawJson> required =
        data.isEmpty()
            ? Optional.empty()
            : MessageReader.readObject(data.get())
                .value("requiredCapabilities")
                .filter(TargetErrors::isObject);
    return required.isPresent() && !client.covers(ClientCapabilities.read(required.get()));
  }

  private static boolean isObject(RawJson value) {
    return value.array()[value.from()] == '{';
  }

  private static Reply internal(RawJson id, JsonObject error, String why) {
    RawJson changed =
        new JsonObjectEdit(error)
            .set("code", INTERNAL)
            .set("message", JsonText.string(why))
            .drop("data")
            .apply();
    return new Reply.Answer(Replies.error(id, changed), Optional.empty());
  }
}
