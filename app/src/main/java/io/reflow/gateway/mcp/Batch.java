package io.reflow.gateway.mcp;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.fault.GatewayException.NotJson;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Several messages in one body, as the revision 2025-03-26 has them and no other. Each is handled
/// as if it had come alone.
///
/// See <https://modelcontextprotocol.io/specification/2025-03-26/basic#batching>
final class Batch {

  static final int MOST = 100;

  private Batch() {}

  /// Whether a body is an array.
  static boolean is(byte[] body) {
    for (byte b : body) {
      if (b != ' ' && b != '\t' && b != '\n' && b != '\r') {
        return b == '[';
      }
    }
    return false;
  }

  /// The messages, not yet understood.
  static List<RawJson> split(byte[] body) {
    requireUtf8(body);
    List<RawJson> messages = new ArrayList<>();
    try (JsonParser parser = JsonText.factory().createParser(body)) {
      JsonToken _ = parser.nextToken();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        if (parser.currentToken() == null) {
          throw new NotJson("the batch does not end");
        }
        if (messages.size() == MOST) {
          throw new InvalidRequest("a batch has at most %d messages".formatted(MOST));
        }
        messages.add(message(parser, body));
      }
      if (parser.nextToken() != null) {
        throw new NotJson("there is more behind the batch");
      }
    } catch (IOException e) {
      throw new NotJson("not JSON: " + e.getClass().getSimpleName());
    }
    if (messages.isEmpty()) {
      throw new InvalidRequest("a batch has at least one message");
    }
    return messages;
  }

  /// The ids of the requests among the messages.
  static List<RawJson> requests(List<RawJson> messages) {
    return messages.stream().flatMap(message -> request(message).stream()).toList();
  }

  private static Optional<RawJson> request(RawJson message) {
    try {
      return MessageReader.read(message.array(), message.from(), message.to())
              instanceof Message.Request request
          ? Optional.of(request.id())
          : Optional.empty();
    } catch (MalformedMessage _) {
      return Optional.empty();
    }
  }

  /// The parser would take every encoding of Unicode, but knows places in the bytes of this one
  /// only. In the others an array begins with a byte that this one never has.
  private static void requireUtf8(byte[] body) {
    for (byte b : body) {
      if (b == 0) {
        throw new NotJson("not UTF-8");
      }
    }
  }

  private static RawJson message(JsonParser parser, byte[] body) throws IOException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw new InvalidRequest("a batch consists of objects");
    }
    int from = (int) parser.currentTokenLocation().getByteOffset();
    JsonParser _ = parser.skipChildren();
    int to = (int) parser.currentTokenLocation().getByteOffset() + 1;
    return new RawJson(body, from, to);
  }
}
