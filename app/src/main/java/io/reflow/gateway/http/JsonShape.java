package io.reflow.gateway.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import jakarta.json.bind.annotation.JsonbProperty;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;

/// Checks that a JSON text has the shape of a record: known members, each once, of the right types,
/// nested at most [#MAX_DEPTH] deep. `null` is fine anywhere: the record says what it can't miss.
final class JsonShape {

  static final int MAX_DEPTH = 64;

  private static final int MAX_SHOWN = 60;

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxStringLength(Integer.MAX_VALUE)
                  .build())
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .build();

  private final JsonParser parser;

  private JsonShape(JsonParser parser) {
    this.parser = parser;
  }

  /// @throws InvalidRequest naming the member, or the position where the text is no JSON
  static void check(String json, Class<?> type) {
    try (JsonParser parser = JSON.createParser(json)) {
      parser.nextToken();
      new JsonShape(parser).value("", type);
      if (parser.nextToken() != null) {
        throw new InvalidRequest("the body has more after its JSON value" + at(parser));
      }
    } catch (StreamConstraintsException _) {
      throw new InvalidRequest(
          "the body is nested deeper than %d levels or has an oversized number or name"
              .formatted(MAX_DEPTH));
    } catch (JsonProcessingException e) {
      throw new InvalidRequest(
          "the body is not valid JSON at line %d, column %d: %s"
              .formatted(
                  e.getLocation().getLineNr(),
                  e.getLocation().getColumnNr(),
                  e.getOriginalMessage()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void value(String path, Type type) throws IOException {
    JsonToken token = parser.currentToken();
    if (token == JsonToken.VALUE_NULL && !path.isEmpty()) {
      return;
    }
    switch (type) {
      case ParameterizedType generic -> generic(path, generic);
      case Class<?> plain when plain.isRecord() -> members(path, components(plain));
      case Class<?> plain -> scalar(path, plain);
      default -> anything(path);
    }
  }

  private void generic(String path, ParameterizedType type) throws IOException {
    Class<?> raw = (Class<?>) type.getRawType();
    Type[] arguments = type.getActualTypeArguments();
    if (raw == Optional.class) {
      value(path, arguments[0]);
    } else if (Map.class.isAssignableFrom(raw)) {
      entries(path, arguments[1]);
    } else if (Collection.class.isAssignableFrom(raw)) {
      elements(path, arguments[0]);
    } else {
      anything(path);
    }
  }

  private void members(String path, Map<String, Type> known) throws IOException {
    require(path, parser.currentToken() == JsonToken.START_OBJECT, "an object");
    Set<String> seen = new HashSet<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String member = member(path, seen);
      Type type = known.get(parser.currentName());
      if (type == null) {
        throw new InvalidRequest(
            "%s is not known here%s".formatted(quoted(member), suggestion(known.keySet())));
      }
      parser.nextToken();
      value(member, type);
    }
  }

  private void entries(String path, Type type) throws IOException {
    require(path, parser.currentToken() == JsonToken.START_OBJECT, "an object");
    Set<String> seen = new HashSet<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String member = member(path, seen);
      parser.nextToken();
      value(member, type);
    }
  }

  private void elements(String path, Type type) throws IOException {
    require(path, parser.currentToken() == JsonToken.START_ARRAY, "an array");
    for (int i = 0; parser.nextToken() != JsonToken.END_ARRAY; i++) {
      value("%s[%d]".formatted(path, i), type);
    }
  }

  private void scalar(String path, Class<?> type) throws IOException {
    JsonToken token = parser.currentToken();
    boolean string = token == JsonToken.VALUE_STRING;
    if (type == String.class) {
      require(path, string, "a string");
    } else if (type == boolean.class || type == Boolean.class) {
      require(path, token.isBoolean(), "true or false");
    } else if (type == int.class || type == Integer.class) {
      requireWhole(path, Integer.MIN_VALUE, Integer.MAX_VALUE);
    } else if (type == long.class || type == Long.class) {
      requireWhole(path, Long.MIN_VALUE, Long.MAX_VALUE);
    } else if (type == double.class || type == Double.class) {
      require(path, token.isNumeric(), "a number");
    } else if (type == UUID.class) {
      require(path, string && uuid(parser.getText()), "a UUID");
    } else if (type == Instant.class) {
      require(path, string && instant(parser.getText()), "a time like 2026-01-31T12:00:00Z");
    } else if (type.isEnum()) {
      Set<String> names = names(type);
      require(
          path, string && names.contains(parser.getText()), "one of " + String.join(", ", names));
    } else {
      anything(path);
    }
  }

  /// A value that the record takes as it is: only well-formed, without duplicate members.
  private void anything(String path) throws IOException {
    switch (parser.currentToken()) {
      case START_OBJECT -> entries(path, Object.class);
      case START_ARRAY -> elements(path, Object.class);
      case FIELD_NAME,
          END_OBJECT,
          END_ARRAY,
          NOT_AVAILABLE,
          VALUE_EMBEDDED_OBJECT,
          VALUE_STRING,
          VALUE_NUMBER_INT,
          VALUE_NUMBER_FLOAT,
          VALUE_TRUE,
          VALUE_FALSE,
          VALUE_NULL -> {}
    }
  }

  private String member(String path, Set<String> seen) throws IOException {
    String name = parser.currentName();
    String member = path.isEmpty() ? name : path + "." + name;
    if (!seen.add(name)) {
      throw new InvalidRequest(
          "%s is there more than once%s".formatted(quoted(member), at(parser)));
    }
    return member;
  }

  private void requireWhole(String path, long from, long to) throws IOException {
    boolean fits =
        parser.currentToken() == JsonToken.VALUE_NUMBER_INT
            && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER
            && parser.getLongValue() >= from
            && parser.getLongValue() <= to;
    require(path, fits, "a whole number from %d to %d".formatted(from, to));
  }

  private static void require(String path, boolean met, String wanted) {
    if (!met) {
      throw new InvalidRequest(
          "%s must be %s".formatted(path.isEmpty() ? "the body" : quoted(path), wanted));
    }
  }

  private static Map<String, Type> components(Class<?> type) {
    Map<String, Type> components = new LinkedHashMap<>();
    for (RecordComponent component : type.getRecordComponents()) {
      components.put(wireName(component), component.getGenericType());
    }
    return components;
  }

  /// As the binder names it: `snake_case`, or what the annotation says.
  private static String wireName(RecordComponent component) {
    JsonbProperty named = component.getAccessor().getAnnotation(JsonbProperty.class);
    return named == null || named.value().isEmpty()
        ? component.getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT)
        : named.value();
  }

  private static Set<String> names(Class<?> type) {
    return Arrays.stream(type.getEnumConstants())
        .map(constant -> ((Enum<?>) constant).name())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static boolean uuid(String text) {
    try {
      return UUID.fromString(text).toString().equalsIgnoreCase(text);
    } catch (IllegalArgumentException _) {
      return false;
    }
  }

  private static boolean instant(String text) {
    try {
      return Instant.parse(text) != null;
    } catch (DateTimeParseException _) {
      return false;
    }
  }

  private static String suggestion(Set<String> known) {
    return known.isEmpty() ? "" : "; known are " + String.join(", ", known);
  }

  private static String quoted(String path) {
    return "'" + (path.length() > MAX_SHOWN ? path.substring(0, MAX_SHOWN) + "…" : path) + "'";
  }

  private static String at(JsonParser parser) {
    return " (line %d, column %d)"
        .formatted(
            parser.currentTokenLocation().getLineNr(), parser.currentTokenLocation().getColumnNr());
  }
}
