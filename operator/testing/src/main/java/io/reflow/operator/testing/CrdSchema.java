package io.reflow.operator.testing;

import dev.cel.bundle.Cel;
import dev.cel.bundle.CelFactory;
import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelValidationException;
import dev.cel.common.types.SimpleType;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/// The schema and the rules of the CRD that the chart installs, applied as an API server does.
public final class CrdSchema {

  private static final String FILE = "mcpinstances.mcp.reflow.io-v1.yml";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final JsonNode root;
  private final Cel cel =
      CelFactory.legacyCelBuilder()
          .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
          .addVar("self", SimpleType.DYN)
          .addVar("oldSelf", SimpleType.DYN)
          .build();
  private final Map<String, CelAbstractSyntaxTree> rules = new HashMap<>();

  public CrdSchema() {
    root = crd().at("/spec/versions/0/schema/openAPIV3Schema");
    compile(root);
  }

  public static JsonNode crd() {
    try (InputStream file = CrdSchema.class.getResourceAsStream(FILE)) {
      if (file == null) {
        throw new IllegalStateException("There is no " + FILE);
      }
      return new YAMLMapper().readTree(file.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// How many rules the CRD has.
  public int rules() {
    return rules.size();
  }

  /// What is wrong; leaves out of the object what the schema does not know.
  public List<String> check(ObjectNode object, Optional<? extends JsonNode> before) {
    var problems = new ArrayList<String>();
    JsonNode properties = root.path("properties");
    for (JsonNode required : root.path("required")) {
      if (!object.has(required.asString())) {
        problems.add(required.asString() + ": Required value");
      }
    }
    for (String part : List.of("spec", "status")) {
      if (object.has(part)) {
        check(
            part,
            properties.path(part),
            object.get(part),
            before.map(old -> old.get(part)).orElse(null),
            problems);
      }
    }
    evaluate("", root, object, before.orElse(null), problems);
    return problems;
  }

  private void check(
      String path,
      JsonNode schema,
      JsonNode value,
      @Nullable JsonNode before,
      List<String> problems) {
    if (schema.path("x-kubernetes-int-or-string").asBoolean(false)) {
      if (!value.isString() && !value.isIntegralNumber()) {
        problems.add(path + ": must be an integer or a string");
      }
      return;
    }
    int count = problems.size();
    switch (schema.path("type").asString()) {
      case "object" -> object(path, schema, value, before, problems);
      case "array" -> array(path, schema, value, problems);
      case "string" -> string(path, schema, value, problems);
      case "integer" -> integer(path, schema, value, problems);
      default -> throw new IllegalStateException("No such type: " + schema);
    }
    if (problems.size() == count) {
      evaluate(path, schema, value, before, problems);
    }
  }

  private void object(
      String path,
      JsonNode schema,
      JsonNode value,
      @Nullable JsonNode before,
      List<String> problems) {
    if (!(value instanceof ObjectNode object)) {
      problems.add(path + ": must be an object");
      return;
    }
    JsonNode any = schema.get("additionalProperties");
    JsonNode known = schema.path("properties");
    for (String name : List.copyOf(object.propertyNames())) {
      JsonNode property = any == null ? known.get(name) : any;
      if (property == null || object.get(name).isNull()) {
        object.remove(name);
      } else {
        JsonNode old = before == null ? null : before.get(name);
        check(path + "." + name, property, object.get(name), old, problems);
      }
    }
    for (JsonNode required : schema.path("required")) {
      if (!object.has(required.asString())) {
        problems.add(path + "." + required.asString() + ": Required value");
      }
    }
  }

  private void array(String path, JsonNode schema, JsonNode value, List<String> problems) {
    if (!value.isArray()) {
      problems.add(path + ": must be an array");
      return;
    }
    if (value.size() > schema.path("maxItems").asInt(Integer.MAX_VALUE)) {
      problems.add(path + ": Too many");
    }
    for (int i = 0; i < value.size(); i++) {
      check(path + "[" + i + "]", schema.get("items"), value.get(i), null, problems);
    }
  }

  private static void string(String path, JsonNode schema, JsonNode value, List<String> problems) {
    if (!value.isString()) {
      problems.add(path + ": must be a string");
      return;
    }
    String text = value.asString();
    int length = text.codePointCount(0, text.length());
    if (length < schema.path("minLength").asInt(0)
        || length > schema.path("maxLength").asInt(Integer.MAX_VALUE)) {
      problems.add(path + ": wrong length");
    }
    if (schema.has("pattern")
        && !Pattern.compile(schema.get("pattern").asString()).matcher(text).find()) {
      problems.add(path + ": must match " + schema.get("pattern").asString());
    }
    if (schema.has("enum") && !schema.get("enum").values().contains(value)) {
      problems.add(path + ": must be one of " + schema.get("enum"));
    }
  }

  private static void integer(String path, JsonNode schema, JsonNode value, List<String> problems) {
    if (!value.isIntegralNumber()) {
      problems.add(path + ": must be an integer");
    } else if (value.asLong() < schema.path("minimum").asDouble(Long.MIN_VALUE)
        || value.asLong() > schema.path("maximum").asDouble(Long.MAX_VALUE)) {
      problems.add(path + ": out of range");
    }
  }

  /// A rule that speaks of the object before counts only where there is one.
  private void evaluate(
      String path,
      JsonNode schema,
      JsonNode value,
      @Nullable JsonNode before,
      List<String> problems) {
    for (JsonNode rule : schema.path("x-kubernetes-validations")) {
      String text = rule.get("rule").asString();
      if (before == null && text.contains("oldSelf")) {
        continue;
      }
      var variables = new HashMap<String, Object>();
      variables.put("self", JSON.convertValue(value, Object.class));
      if (before != null) {
        variables.put("oldSelf", JSON.convertValue(before, Object.class));
      }
      try {
        Object is = cel.createProgram(rules.get(text)).eval(variables);
        if (!(is instanceof Boolean holds && holds)) {
          problems.add(path + ": " + rule.get("message").asString());
        }
      } catch (CelEvaluationException e) {
        problems.add(path + ": " + e.getMessage());
      }
    }
  }

  private void compile(JsonNode schema) {
    for (JsonNode rule : schema.path("x-kubernetes-validations")) {
      String text = rule.get("rule").asString();
      try {
        rules.put(text, cel.compile(text).getAst());
      } catch (CelValidationException e) {
        throw new IllegalStateException("The rule can't be compiled: " + text, e);
      }
    }
    schema.forEach(this::compile);
  }
}
