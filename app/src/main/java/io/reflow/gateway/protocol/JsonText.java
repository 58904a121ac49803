package io.reflow.gateway.protocol;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;

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
    return "\"" + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + "\"";
  }

  /// `text` as a JSON string.
  public static RawJson string(String text) {
    return RawJson.of(quote(text));
  }
}
