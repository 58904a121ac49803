package io.reflow.operator.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/// What a client may do in one namespace, as the rules of a Role say it; nothing elsewhere.
///
/// @param namespace of the Role
public record Rights(String namespace, List<Rule> rules) {

  /// A rule of a Role.
  ///
  /// @param names of the objects that it is about; of all objects where it is empty
  public record Rule(
      Set<String> groups, Set<String> resources, Set<String> names, Set<String> verbs) {

    static Rule of(JsonNode rule) {
      return new Rule(
          texts(rule, "apiGroups"),
          texts(rule, "resources"),
          texts(rule, "resourceNames"),
          texts(rule, "verbs"));
    }

    private static Set<String> texts(JsonNode rule, String field) {
      return rule.path(field).valueStream().map(JsonNode::asString).collect(Collectors.toSet());
    }
  }

  /// Those that the chart gives the gateway; its tests hold the two together.
  public static Rights gateway(String namespace) {
    return of(namespace, file("gateway-role.yml"));
  }

  /// Those that the chart gives the operator; its tests hold the two together.
  public static Rights operator(String namespace) {
    return of(namespace, file("operator-role.yml"));
  }

  /// Reads a Role.
  ///
  /// @param role an object with `rules`
  public static Rights of(String namespace, JsonNode role) {
    return new Rights(namespace, role.path("rules").valueStream().map(Rule::of).toList());
  }

  private static JsonNode file(String name) {
    try (InputStream file = Rights.class.getResourceAsStream(name)) {
      if (file == null) {
        throw new IllegalStateException("There is no " + name);
      }
      return new YAMLMapper().readTree(file.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// @param name of the object, or nothing where the request is about no particular one
  boolean allow(String in, String verb, Kind kind, boolean status, String name) {
    String resource = status ? kind.plural + "/status" : kind.plural;
    return in.equals(namespace)
        && rules.stream()
            .anyMatch(rule ->
                rule.groups().contains(kind.group)
                    && rule.resources().contains(resource)
                    && rule.verbs().contains(verb)
                    && (rule.names().isEmpty() || rule.names().contains(name)));
  }
}
