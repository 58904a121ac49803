package io.reflow.gateway.protocol;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// Takes JSON arrays apart and puts them together; the elements stay as they are.
public final class JsonArray {

  private JsonArray() {}

  /// The elements of an array out of a message that was read before; none of what is no array.
  public static List<RawJson> elements(RawJson array) {
    List<RawJson> elements = new ArrayList<>();
    try (JsonParser parser =
        JsonText.factory().createParser(array.array(), array.from(), array.length())) {
      if (parser.nextToken() != JsonToken.START_ARRAY) {
        return List.of();
      }
      for (JsonToken token = parser.nextToken();
          token != null && token != JsonToken.END_ARRAY;
          token = parser.nextToken()) {
        int start = (int) parser.currentTokenLocation().getByteOffset();
        parser.skipChildren();
        parser.finishToken();
        int end = (int) parser.currentLocation().getByteOffset();
        elements.add(new RawJson(array.array(), array.from() + start, array.from() + end));
      }
    } catch (IOException e) {
      throw new IllegalStateException("a message that was read before can't be read again", e);
    }
    return elements;
  }

  public static RawJson of(List<RawJson> elements) {
    var out = new ByteArrayOutputStream(64);
    out.write('[');
    for (RawJson element : elements) {
      if (out.size() > 1) {
        out.write(',');
      }
      out.write(element.array(), element.from(), element.length());
    }
    out.write(']');
    byte[] bytes = out.toByteArray();
    return new RawJson(bytes, 0, bytes.length);
  }
}
