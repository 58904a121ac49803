package io.reflow.gateway.translation;

import io.reflow.gateway.protocol.JsonArray;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/// Changes something deep inside a JSON value and leaves every other byte as it is. Where there is
/// nothing to change, or where a value is not of the kind that is looked for, the same value comes
/// back.
final class Rewrite {

  private Rewrite() {}

  /// The members of an object; nothing where it is none, or where a name stands there twice: what
  /// can't be read in one way only is not touched.
  static Optional<JsonObject> object(RawJson value) {
    if (!isObject(value)) {
      return Optional.empty();
    }
    try {
      return Optional.of(MessageReader.readObject(value));
    } catch (MalformedMessage _) {
      return Optional.empty();
    }
  }

  static Optional<JsonObject> object(JsonObject parent, String name) {
    return parent.value(name).flatMap(Rewrite::object);
  }

  static boolean isObject(RawJson value) {
    return value.array()[value.from()] == '{';
  }

  static boolean isArray(RawJson value) {
    return value.array()[value.from()] == '[';
  }

  /// One member of an object, changed.
  static RawJson member(RawJson object, String name, UnaryOperator<RawJson> change) {
    return same(object, object(object).map(found -> member(found, name, change)).orElse(object));
  }

  /// The original where the copy does not differ, so that nobody takes it for a change.
  static RawJson same(RawJson original, RawJson copy) {
    return original.isSameView(copy) ? original : copy;
  }

  static RawJson member(JsonObject object, String name, UnaryOperator<RawJson> change) {
    var edit = new JsonObjectEdit(object);
    member(edit, object, name, change);
    return edit.apply();
  }

  static void member(
      JsonObjectEdit edit, JsonObject object, String name, UnaryOperator<RawJson> change) {
    object
        .value(name)
        .ifPresent(value -> {
          RawJson changed = change.apply(value);
          if (!changed.isSameView(value)) {
            edit.set(name, changed);
          }
        });
  }

  /// A string, changed.
  static RawJson text(RawJson value, UnaryOperator<String> change) {
    if (value.array()[value.from()] != '"') {
      return value;
    }
    String text = JsonText.read(value);
    String changed = change.apply(text);
    return changed.equals(text) ? value : JsonText.string(changed);
  }

  /// Every element of an array, changed.
  static RawJson each(RawJson array, UnaryOperator<RawJson> change) {
    return flat(array, element -> List.of(change.apply(element)));
  }

  /// Every element of an array, replaced by any number of others.
  static RawJson flat(RawJson array, Function<RawJson, List<RawJson>> change) {
    if (!isArray(array)) {
      return array;
    }
    List<RawJson> result = new ArrayList<>();
    boolean changed = false;
    for (RawJson element : JsonArray.elements(array)) {
      List<RawJson> replacement = change.apply(element);
      changed |= replacement.size() != 1 || !replacement.getFirst().isSameView(element);
      result.addAll(replacement);
    }
    return changed ? JsonArray.of(result) : array;
  }
}
