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
    if (!changesAnything()) {
      return object.raw();
    }
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
    }
    additions.forEach((name, value) -> writeMember(out, name, value));
    out.write('}');
    byte[] bytes = out.toByteArray();
    return new RawJson(bytes, 0, bytes.length);
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
