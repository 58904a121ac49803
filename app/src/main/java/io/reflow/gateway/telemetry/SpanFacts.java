package io.reflow.gateway.telemetry;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import java.util.Optional;

/// The attributes of a span or a log record while they are gathered. Texts are cut, and nothing in
/// them steers a terminal: clients and targets choose many of them.
public final class SpanFacts {

  private static final int LONGEST = 256;

  private final AttributesBuilder attributes = Attributes.builder();

  public SpanFacts text(String name, String value) {
    return text(name, value, LONGEST);
  }

  /// An empty text is left out.
  SpanFacts text(String name, String value, int longest) {
    if (!value.isEmpty()) {
      attributes.put(AttributeKey.stringKey(name), SafeText.of(value, longest));
    }
    return this;
  }

  /// A text that was bounded before.
  public SpanFacts whole(String name, String value) {
    return text(name, value, Integer.MAX_VALUE);
  }

  public SpanFacts text(String name, Optional<String> value) {
    return text(name, value.orElse(""));
  }

  public SpanFacts number(String name, long value) {
    attributes.put(AttributeKey.longKey(name), value);
    return this;
  }

  SpanFacts truth(String name, boolean value) {
    attributes.put(AttributeKey.booleanKey(name), value);
    return this;
  }

  SpanFacts decimal(String name, double value) {
    attributes.put(AttributeKey.doubleKey(name), value);
    return this;
  }

  Attributes attributes() {
    return attributes.build();
  }
}
