package io.reflow.gateway.protocol;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Reads one JSON-RPC message in one pass, without building a tree. What could mean two things to
/// two parsers is refused: duplicate members, broken text, anything behind the message.
public final class MessageReader {

  /// Objects inside `params` whose members the gateway looks at.
  private static final Set<String> INDEXED = Set.of("_meta", "ref");

  /// So many names are compared with each other faster than they are put into a set.
  private static final int FEW = 12;

  private final byte[] bytes;
  private final JsonScanner json;

  private MessageReader(byte[] bytes, int from, int to) {
    this.bytes = bytes;
    this.json = new JsonScanner(bytes, from, to);
  }

  /// The message in the bytes `from` to `to`; the array must not change afterwards.
  public static Message read(byte[] bytes, int from, int to) throws MalformedMessage {
    JsonObject envelope = readObject(bytes, from, to, true);
    return message(envelope);
  }

  /// Indexes the members of an object that is not a message, such as a result.
  public static JsonObject readObject(RawJson json) throws MalformedMessage {
    JsonObject known = json.index();
    return known != null ? known : readObject(json.array(), json.from(), json.to(), false);
  }

  private static JsonObject readObject(byte[] bytes, int from, int to, boolean envelope)
      throws MalformedMessage {
    if (from < to && (bytes[from] & 0xFF) >= 0x80) {
      throw new MalformedMessage(ErrorCode.PARSE_ERROR, "the text begins with a byte order mark");
    }
    return new MessageReader(bytes, from, to).whole(envelope);
  }

  private JsonObject whole(boolean envelope) throws MalformedMessage {
    int first = json.peek();
    if (first < 0) {
      throw new MalformedMessage(ErrorCode.PARSE_ERROR, "the message is empty");
    }
    if (first != '{') {
      json.skip(0);
      throw invalid("a message must be one JSON object");
    }
    JsonObject object = object(envelope ? Depth.ENVELOPE : Depth.LEAF, 1);
    if (json.peek() >= 0) {
      throw new MalformedMessage(ErrorCode.PARSE_ERROR, "there is more behind the message");
    }
    return object;
  }

  /// Which members of an object are indexed in turn.
  private enum Depth {
    ENVELOPE,
    PARAMS,
    LEAF;

    boolean indexes(String name) {
      return switch (this) {
        case ENVELOPE -> name.equals("params") || name.equals("result");
        case PARAMS -> INDEXED.contains(name);
        case LEAF -> false;
      };
    }

    Depth next() {
      return this == ENVELOPE ? PARAMS : LEAF;
    }
  }

  /// The scanner stands on the object's opening brace, afterwards behind its closing one.
  private JsonObject object(Depth depth, int level) throws MalformedMessage {
    int start = json.at();
    json.expect('{');
    List<JsonObject.Member> members = new ArrayList<>(8);
    if (!json.take('}')) {
      do {
        members.add(member(depth, level));
      } while (json.take(','));
      json.expect('}');
    }
    refuseDuplicates(members);
    return new JsonObject(new RawJson(bytes, start, json.at()), members);
  }

  private JsonObject.Member member(Depth depth, int level) throws MalformedMessage {
    int _ = json.peek();
    int nameStart = json.at();
    String name = json.name();
    int first = json.peek();
    int start = json.at();
    @Nullable String text = null;
    @Nullable JsonObject object = null;
    if (first == '{' && depth.indexes(name)) {
      object = object(depth.next(), level + 1);
    } else if (first == '"') {
      text = json.text();
    } else {
      json.skip(level);
    }
    int end = json.at();
    return new JsonObject.Member(
        name, new RawJson(bytes, nameStart, end), new RawJson(bytes, start, end), text, object);
  }

  /// Names count as equal as the most lenient parser would take them: whatever their case.
  private static void refuseDuplicates(List<JsonObject.Member> members) throws MalformedMessage {
    if (members.size() > FEW) {
      refuseDuplicatesAmongMany(members);
      return;
    }
    for (int i = 1; i < members.size(); i++) {
      for (int k = 0; k < i; k++) {
        if (members.get(i).name().equalsIgnoreCase(members.get(k).name())) {
          throw twice(members.get(i));
        }
      }
    }
  }

  private static void refuseDuplicatesAmongMany(List<JsonObject.Member> members)
      throws MalformedMessage {
    Set<String> seen = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    for (JsonObject.Member member : members) {
      if (!seen.add(member.name())) {
        throw twice(member);
      }
    }
  }

  private static MalformedMessage twice(JsonObject.Member member) {
    return invalid("the member '%s' stands there twice".formatted(member.name()));
  }

  private static Message message(JsonObject envelope) throws MalformedMessage {
    if (!envelope.text("jsonrpc").map("2.0"::equals).orElse(false)) {
      throw invalid("jsonrpc must be \"2.0\"");
    }
    Optional<RawJson> id = envelope.value("id");
    Optional<JsonObject.Member> method = envelope.find("method");
    if (method.isPresent()) {
      String name = method.get().text().orElseThrow(() -> invalid("the method must be a string"));
      JsonObject params = params(envelope);
      return id.isPresent()
          ? new Message.Request(checkedId(id.get()), name, params)
          : new Message.Notification(name, params);
    }
    return response(envelope, id);
  }

  private static Message response(JsonObject envelope, Optional<RawJson> id)
      throws MalformedMessage {
    Optional<RawJson> result = envelope.value("result");
    Optional<RawJson> error = envelope.value("error");
    if (result.isPresent() == error.isPresent()) {
      throw invalid("a message has a method, a result or an error, and just one of them");
    }
    if (result.isPresent()) {
      RawJson known = id.orElseThrow(() -> invalid("a result needs an id"));
      JsonObject members =
          envelope
              .find("result")
              .flatMap(JsonObject.Member::object)
              .orElseThrow(() -> invalid("the result must be an object"));
      return new Message.Result(checkedId(known), RawJson.read(members));
    }
    boolean unknown = id.isEmpty() || id.get().toString().equals("null");
    return new Message.Failure(
        unknown ? Optional.empty() : Optional.of(checkedId(id.get())), object(error.orElseThrow()));
  }

  private static RawJson object(RawJson value) throws MalformedMessage {
    if (value.array()[value.from()] != '{') {
      throw invalid("the error must be an object");
    }
    return value;
  }

  private static JsonObject params(JsonObject envelope) throws MalformedMessage {
    Optional<JsonObject.Member> params = envelope.find("params");
    if (params.isEmpty()) {
      return JsonObject.EMPTY;
    }
    return params.get().object().orElseThrow(() -> invalid("params must be an object"));
  }

  /// A string or an integer: an id that is null or has a fraction can't be told apart from others.
  private static RawJson checkedId(RawJson id) throws MalformedMessage {
    byte first = id.array()[id.from()];
    if (first == '"') {
      return id;
    }
    if (first != '-' && (first < '0' || first > '9')) {
      throw invalid("the id must be a string or an integer");
    }
    for (int i = id.from() + 1; i < id.to(); i++) {
      byte digit = id.array()[i];
      if (digit < '0' || digit > '9') {
        throw invalid("the id must be a string or an integer");
      }
    }
    return id;
  }

  private static MalformedMessage invalid(String why) {
    return new MalformedMessage(ErrorCode.INVALID_REQUEST, why);
  }
}
