package io.reflow.gateway.protocol;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// Makes a changed copy of an object: members are replaced, dropped or added; every other one is
/// copied as its bytes are, in its place.
public final class JsonObjectEdit {

  private final JsonObject object;
  private final Map<String, Optional<RawJson>> changes = new HashMap<>();
  private final Map<String, RawJson> additions = new LinkedHashMap<>();

  public JsonObjectEdit(JsonObject object) {
    this.object = object;
  }

  /// Sets the value of a member, in its place or behind the others.
  public JsonObjectEdit set(String name, RawJson value) {
    if (object.find(name).isPresent()) {
      changes.put(name, Optional.of(value));
    } else {
      additions.put(name, value);
    }
    return this;
  }

  /// Leaves a member out, where there is one of that name.
  public JsonObjectEdit drop(String name) {
    if (object.find(name).isPresent()) {
      changes.put(name, Optional.empty());
    }
    return this;
  }

  /// Whether the result differs from the original.
  public boolean changesAnything() {
    return !changes.isEmpty() || !additions.isEmpty();
  }

  /// The changed object; the original's own bytes where nothing was changed.
  public RawJson apply() {
    return applyAndFind("").whole();
  }

  /// A changed object, and where in it the value of one member stands.
  public record Found(RawJson whole, Optional<RawJson> value) {}

  /// As [#apply], and finds the member of that name in the result.
  public Found applyAndFind(String name) {
    if (!changesAnything()) {
      return new Found(object.raw(), object.value(name));
    }
    int from = -1;
    int to = -1;
    var out = new ByteArrayOutputStream(object.raw().length() + 64);
    out.write('{');
    for (JsonObject.Member member : object.members()) {
      Optional<RawJson> change = changes.get(member.name());
      if (change == null) {
        comma(out);
        write(out, member.whole());
      } else if (change.isPresent()) {
        writeMember(out, member.name(), change.get());
      }
      if (member.name().equals(name) && (change == null || change.isPresent())) {
        to = out.size();
        from = to - (change == null ? member.value() : change.get()).length();
      }
    }
    for (Map.Entry<String, RawJson> addition : additions.entrySet()) {
      writeMember(out, addition.getKey(), addition.getValue());
      if (addition.getKey().equals(name)) {
        to = out.size();
        from = to - addition.getValue().length();
      }
    }
    out.write('}');
    byte[] bytes = out.toByteArray();
    return new Found(
        new RawJson(bytes, 0, bytes.length),
        to < 0 ? Optional.empty() : Optional.of(new RawJson(bytes, from, to)));
  }

  private static void writeMember(ByteArrayOutputStream out, String name, RawJson value) {
    comma(out);
    out.writeBytes(JsonText.quote(name).getBytes(StandardCharsets.UTF_8));
    out.write(':');
    write(out, value);
  }

  private static void comma(ByteArrayOutputStream out) {
    if (out.size() > 1) {
      out.write(',');
    }
  }

  private static void write(ByteArrayOutputStream out, RawJson json) {
    out.write(json.array(), json.from(), json.length());
  }
}
