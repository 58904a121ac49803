package io.reflow.gateway.protocol;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// The parameters of a tool that travel in HTTP headers too, so that what stands between client and
/// server can route by them: those that its input schema marks with `x-mcp-header`.
///
/// See <https://modelcontextprotocol.io/specification/2026-07-28/server/tools#x-mcp-header>
public record HeaderParameters(List<Parameter> all) {

  public static final HeaderParameters NONE = new HeaderParameters(List.of());

  /// What the header's name begins with.
  public static final String PREFIX = "Mcp-Param-";

  private static final String ANNOTATION = "x-mcp-header";
  private static final byte[] ANNOTATION_BYTES = ANNOTATION.getBytes(US_ASCII);
  private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");
  private static final Set<String> TYPES = Set.of("string", "integer", "boolean");

  private static final int LONGEST_INTEGER = 20;

  /// Keywords whose value is data and no schema.
  private static final Set<String> DATA = Set.of("const", "enum", "default", "examples");

  private static final ObjectMapper JSON =
      new ObjectMapper(JsonText.factory())
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

  /// One of them.
  ///
  /// @param header the whole name of the header
  /// @param path of property names, from the arguments inwards
  /// @param integer values are compared as numbers
  public record Parameter(String header, List<String> path, boolean integer) {

    public Parameter {
      path = List.copyOf(path);
    }
  }

  public HeaderParameters {
    all = List.copyOf(all);
  }

  /// Reads the definition of a tool, as `tools/list` shows it.
  ///
  /// @throws MalformedMessage when the annotations break the rules; such a tool must not be listed
  public static HeaderParameters read(RawJson definition) throws MalformedMessage {
    if (!mentionsAnnotation(definition)) {
      return NONE;
    }
    var parameters = new ArrayList<Parameter>();
    JsonNode schema = tree(definition).path("inputSchema");
    collect(schema, List.of(), parameters);
    if (count(schema) != parameters.size()) {
      throw broken("stands where no value of the arguments can be found by it");
    }
    Set<String> seen = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    for (Parameter parameter : parameters) {
      if (!seen.add(parameter.header())) {
        throw broken("names '%s' twice".formatted(parameter.header()));
      }
    }
    return new HeaderParameters(parameters);
  }

  private static boolean mentionsAnnotation(RawJson definition) {
    byte[] text = definition.array();
    for (int i = definition.from(); i + ANNOTATION_BYTES.length <= definition.to(); i++) {
      int k = 0;
      while (k < ANNOTATION_BYTES.length && text[i + k] == ANNOTATION_BYTES[k]) {
        k++;
      }
      if (k == ANNOTATION_BYTES.length) {
        return true;
      }
    }
    return false;
  }

  private static JsonNode tree(RawJson json) throws MalformedMessage {
    try {
      return JSON.readTree(json.array(), json.from(), json.length());
    } catch (JsonProcessingException e) {
      throw new MalformedMessage(ErrorCode.PARSE_ERROR, "not JSON");
    } catch (IOException e) {
      throw new MalformedMessage(
          ErrorCode.PARSE_ERROR, "not JSON: " + e.getClass().getSimpleName());
    }
  }

  private static void collect(JsonNode schema, List<String> path, List<Parameter> found)
      throws MalformedMessage {
    for (Map.Entry<String, JsonNode> property : schema.path("properties").properties()) {
      List<String> inner = new ArrayList<>(path);
      inner.add(property.getKey());
      JsonNode annotation = property.getValue().get(ANNOTATION);
      if (annotation != null) {
        found.add(parameter(annotation, property.getValue().path("type"), inner));
      }
      collect(property.getValue(), inner, found);
    }
  }

  private static Parameter parameter(JsonNode annotation, JsonNode type, List<String> path)
      throws MalformedMessage {
    if (!annotation.isTextual() || !TOKEN.matcher(annotation.textValue()).matches()) {
      throw broken("is no name for a header");
    }
    if (!type.isTextual() || !TYPES.contains(type.textValue())) {
      throw broken("belongs to strings, integers and booleans only");
    }
    return new Parameter(PREFIX + annotation.textValue(), path, type.textValue().equals("integer"));
  }

  /// How often the annotation stands anywhere in a schema.
  private static int count(JsonNode schema) {
    int count = 0;
    if (schema.isArray()) {
      for (JsonNode element : schema) {
        count += count(element);
      }
      return count;
    }
    for (Map.Entry<String, JsonNode> keyword : schema.properties()) {
      String name = keyword.getKey();
      if (name.equals(ANNOTATION)) {
        count++;
      } else if (keyword.getValue().isObject() && holdsSchemasByName(name)) {
        for (JsonNode named : keyword.getValue()) {
          count += count(named);
        }
      } else if (!DATA.contains(name)) {
        count += count(keyword.getValue());
      }
    }
    return count;
  }

  /// The members of these are names of the author's own, not keywords.
  private static boolean holdsSchemasByName(String keyword) {
    return switch (keyword) {
      case "properties", "patternProperties", "$defs", "definitions", "dependentSchemas" -> true;
      default -> false;
    };
  }

  private static MalformedMessage broken(String what) {
    return new MalformedMessage(ErrorCode.INVALID_PARAMS, ANNOTATION + " " + what);
  }

  /// What the arguments of a call say for each parameter, as text; those that they leave out, or
  /// that are null, are not there. Keys are in lower case.
  public Map<String, String> valuesIn(Optional<RawJson> arguments) throws MalformedMessage {
    if (all.isEmpty() || arguments.isEmpty()) {
      return Map.of();
    }
    JsonNode tree = tree(arguments.get());
    Map<String, String> values = new LinkedHashMap<>();
    for (Parameter parameter : all) {
      JsonNode value = tree;
      for (String name : parameter.path()) {
        value = value.path(name);
      }
      text(value).ifPresent(text -> values.put(key(parameter), text));
    }
    return values;
  }

  private static String key(Parameter parameter) {
    return parameter.header().toLowerCase(Locale.ROOT);
  }

  private static Optional<String> text(JsonNode value) {
    return switch (value.getNodeType()) {
      case STRING -> Optional.of(value.textValue());
      case BOOLEAN -> Optional.of(value.booleanValue() ? "true" : "false");
      case NUMBER -> Optional.of(number(value));
      case ARRAY, BINARY, MISSING, NULL, OBJECT, POJO -> Optional.empty();
    };
  }

  /// Integers in decimal digits, however they are written; not those whose digits fill the memory.
  private static String number(JsonNode value) {
    BigDecimal number = value.decimalValue();
    boolean bounded = number.precision() - (long) number.scale() <= LONGEST_INTEGER;
    return bounded && value.canConvertToExactIntegral()
        ? number.toBigInteger().toString()
        : value.asText();
  }

  /// The headers for a call with these arguments, encoded.
  public Map<String, String> headers(Optional<RawJson> arguments) throws MalformedMessage {
    Map<String, String> values = valuesIn(arguments);
    Map<String, String> headers = new LinkedHashMap<>();
    for (Parameter parameter : all) {
      String text = values.get(key(parameter));
      if (text != null) {
        headers.put(parameter.header(), HeaderText.encode(text));
      }
    }
    return headers;
  }
}
