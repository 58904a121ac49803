package io.reflow.gateway.protocol;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import java.io.IOException;

/// Small pieces of JSON text, and the parser's limits.
public final class JsonText {

  /// How deep objects and arrays may be nested in any message, from any side.
  public static final int MAX_NESTING = 200;

  private static final JsonFactory FACTORY =
      new JsonFactoryBuilder()
          .configure(JsonFactory.Feature.INTERN_FIELD_NAMES, false)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_NESTING)
                  .maxStringLength(Integer.MAX_VALUE)
                  .build())
          .recyclerPool(JsonRecyclerPools.sharedConcurrentDequePool())
          .build();

  private JsonText() {}

  /// Makes parsers that refuse what is nested too deeply. Buffers are pooled without regard to
  /// threads, since virtual threads are too many to keep some each.
  public static JsonFactory factory() {
    return FACTORY;
  }

  /// `text` as a JSON string, with its quotes.
  public static String quote(String text) {
    if (isPlain(text)) {
      return "\"" + text + "\"";
    }
    return "\"" + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + "\"";
  }

  /// Whether nothing in it needs an escape, as in all names of methods.
  private static boolean isPlain(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < ' ' || c > '~' || c == '"' || c == '\\') {
        return false;
      }
    }
    return true;
  }

  /// The text of a JSON string out of a message that was read before.
  public static String read(RawJson string) {
    try (JsonParser parser = FACTORY.createParser(string.array(), string.from(), string.length())) {
      if (parser.nextToken() != JsonToken.VALUE_STRING) {
        throw new IllegalArgumentException("no JSON string");
      }
      return parser.getText();
    } catch (IOException e) {
      throw new IllegalStateException("a message that was read before can't be read again", e);
    }
  }

  /// `text` as a JSON string.
  public static RawJson string(String text) {
    return RawJson.of(quote(text));
  }
}
