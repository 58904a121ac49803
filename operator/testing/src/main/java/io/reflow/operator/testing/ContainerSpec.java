package io.reflow.operator.testing;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/// The one container of a pod, read as a kubelet reads it.
record ContainerSpec(JsonNode container) {

  private static final Pattern REFERENCE =
      Pattern.compile("\\$(?:\\$|\\(([A-Za-z_.-][\\w.-]*)\\))");
  private static final Pattern VARIABLE = Pattern.compile("[-._A-Za-z][-._A-Za-z0-9]*");

  static ContainerSpec of(JsonNode pod) {
    return new ContainerSpec(pod.at("/spec/containers/0"));
  }

  String name() {
    return container.path("name").asString();
  }

  String image() {
    return container.path("image").asString();
  }

  JsonNode probe(String name) {
    return container.path(name);
  }

  /// The names of the Secrets without which it can't start.
  List<String> secrets() {
    return container
        .path("envFrom")
        .valueStream()
        .map(source -> source.at("/secretRef/name").asString(""))
        .filter(name -> !name.isEmpty())
        .toList();
  }

  /// All variables; those that the pod names come after, and may refer to, those of its Secrets.
  Map<String, String> environment(Image image, List<? extends JsonNode> secrets) {
    var variables = new HashMap<String, String>(image.environment());
    for (JsonNode secret : secrets) {
      secret
          .path("data")
          .propertyStream()
          .filter(entry -> VARIABLE.matcher(entry.getKey()).matches())
          .forEach(entry -> variables.put(entry.getKey(), decoded(entry.getValue())));
    }
    for (JsonNode variable : container.path("env")) {
      String value = expanded(variable.path("value").asString(""), variables);
      variables.put(variable.path("name").asString(), value);
    }
    return variables;
  }

  List<String> command(Image image, Map<String, String> variables) {
    var command = new ArrayList<String>(texts("command").orElse(image.entryPoint()));
    // A pod that brings a command of its own wants none of the image's arguments.
    List<String> usual = texts("command").isPresent() ? List.of() : image.arguments();
    command.addAll(texts("args").orElse(usual));
    command.replaceAll(text -> expanded(text, variables));
    return command;
  }

  private Optional<List<String>> texts(String field) {
    return container.path(field).isEmpty()
        ? Optional.empty()
        : Optional.of(container.path(field).valueStream().map(JsonNode::asString).toList());
  }

  private static String decoded(JsonNode value) {
    return new String(Base64.getDecoder().decode(value.asString()), StandardCharsets.UTF_8);
  }

  /// `$(NAME)` is the variable, if there is one, and `$$` a dollar.
  static String expanded(String text, Map<String, String> variables) {
    return REFERENCE
        .matcher(text)
        .replaceAll(found -> {
          String name = found.group(1);
          String value = name == null ? "$" : variables.getOrDefault(name, found.group());
          return Matcher.quoteReplacement(value);
        });
  }
}
