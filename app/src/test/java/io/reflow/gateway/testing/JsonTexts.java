package io.reflow.gateway.testing;

import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Compares JSON by its text, where a parser would hide what was lost.
public final class JsonTexts {

  /// What says of a result how it is to be taken, and is not part of it.
  private static final Set<String> AROUND = Set.of("resultType", "ttlMs", "cacheScope");

  private JsonTexts() {}

  /// The result in a response.
  public static RawJson result(String message) throws MalformedMessage {
    return MessageReader.readObject(RawJson.of(message))
        .value("result")
        .orElseThrow(() -> new AssertionError(message));
  }

  /// The members of an object but for those around the payload, as texts, in their order.
  public static List<String> payload(RawJson object) throws MalformedMessage {
    List<String> members = new ArrayList<>();
    for (JsonObject.Member member : MessageReader.readObject(object).members()) {
      if (member.name().equals("_meta")) {
        List<String> meta = meta(member.value());
        if (!meta.isEmpty()) {
          members.add("_meta:" + meta);
        }
      } else if (!AROUND.contains(member.name())) {
        members.add(member.name() + ":" + compact(member.value().toString()));
      }
    }
    return members;
  }

  private static List<String> meta(RawJson meta) throws MalformedMessage {
    List<String> members = new ArrayList<>();
    for (JsonObject.Member member : MessageReader.readObject(meta).members()) {
      boolean own =
          member.name().startsWith("io.modelcontextprotocol/")
              || member.name().equals("progressToken")
              || member.name().equals("traceparent");
      if (!own) {
        members.add(member.name() + ":" + compact(member.value().toString()));
      }
    }
    return members;
  }

  /// Without the white space that means nothing.
  public static String compact(String json) {
    var out = new StringBuilder(json.length());
    boolean inString = false;
    for (int i = 0; i < json.length(); i++) {
      char c = json.charAt(i);
      if (inString && c == '\\') {
        out.append(c).append(json.charAt(++i));
      } else {
        inString ^= c == '"';
        if (inString || " \t\r\n".indexOf(c) < 0) {
          out.append(c);
        }
      }
    }
    return out.toString();
  }
}
