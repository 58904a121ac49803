package io.reflow.gateway.upstream;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Listener.ListKind;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;

/// Reads what targets announce: which list has changed, whose progress it is.
public final class Announcements {

  private Announcements() {}

  public static Optional<ListKind> changedList(String method) {
    return switch (method) {
      case "notifications/tools/list_changed" -> Optional.of(ListKind.TOOLS);
      case "notifications/prompts/list_changed" -> Optional.of(ListKind.PROMPTS);
      case "notifications/resources/list_changed" -> Optional.of(ListKind.RESOURCES);
      default -> Optional.empty();
    };
  }

  /// The progress token, if it can be one of ours: those are integers.
  public static OptionalLong progressToken(JsonObject params) {
    return params.value("progressToken").map(Announcements::integer).orElse(OptionalLong.empty());
  }

  /// The id in the beginning of a message that was cut off, if it stands there.
  public static OptionalLong idIn(byte[] beginning) {
    try (JsonParser parser = JsonText.factory().createParser(beginning)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return OptionalLong.empty();
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        boolean found = parser.currentName().equals("id");
        if (parser.nextToken() == JsonToken.VALUE_NUMBER_INT && found) {
          return OptionalLong.of(parser.getLongValue());
        }
        parser.skipChildren();
      }
      return OptionalLong.empty();
    } catch (IOException _) {
      return OptionalLong.empty();
    }
  }

  /// A JSON integer of at most 18 digits.
  public static OptionalLong integer(RawJson value) {
    if (value.length() == 0 || value.length() > 18) {
      return OptionalLong.empty();
    }
    long number = 0;
    for (int i = value.from(); i < value.to(); i++) {
      int digit = value.array()[i] - '0';
      if (digit < 0 || digit > 9) {
        return OptionalLong.empty();
      }
      number = number * 10 + digit;
    }
    return OptionalLong.of(number);
  }
}
