package io.reflow.chart;

import io.reflow.gateway.config.ConfigLoader;
import io.reflow.gateway.config.GatewayConfig;
import io.reflow.gateway.config.LocalSecrets;
import io.reflow.operator.OperatorConfig;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/// What the chart makes of some values.
///
/// @param objects as Helm renders them
/// @param existing the keys and values of Secrets that are there already
record Installed(List<JsonNode> objects, Map<String, String> existing) {

  static Installed with(String values) {
    return new Installed(Chart.render(values), Map.of());
  }

  Stream<JsonNode> all(String kind) {
    return objects.stream().filter(object -> object.path("kind").asString().equals(kind));
  }

  Optional<JsonNode> find(String kind, String name) {
    return all(kind)
        .filter(object -> object.at("/metadata/name").asString().equals(name))
        .findFirst();
  }

  JsonNode get(String kind, String name) {
    return find(kind, name)
        .orElseThrow(() -> new AssertionError("There is no %s %s".formatted(kind, name)));
  }

  JsonNode gateway() {
    return get("StatefulSet", Chart.RELEASE);
  }

  /// What the gateway reads from its pod: the file, and the environment over it.
  GatewayConfig gatewayConfig() {
    Map<String, String> environment = environment(gateway());
    String file = get("ConfigMap", Chart.RELEASE).path("data").path("application.yaml").asString();
    return Chart.within(folder -> {
      var written = Files.writeString(folder.resolve("application.yaml"), file);
      environment.put("REFLOW_CONFIG", written.toString());
      return LocalSecrets.complete(new ConfigLoader(environment, folder).load(List.of()));
    });
  }

  OperatorConfig operatorConfig() {
    Map<String, String> environment = environment(get("Deployment", Chart.RELEASE + "-operator"));
    environment.put("HOSTNAME", "operator-0");
    return OperatorConfig.of(environment);
  }

  /// The environment of a workload's first container, as the kubelet would make it.
  Map<String, String> environment(JsonNode workload) {
    var environment = new HashMap<String, String>();
    for (JsonNode variable : workload.at("/spec/template/spec/containers/0/env")) {
      String name = variable.path("name").asString();
      JsonNode secret = variable.at("/valueFrom/secretKeyRef");
      if (variable.has("value")) {
        String value = variable.path("value").asString();
        environment.put(
            name, value.replace("$(POD_IP)", value.startsWith("[") ? "fd00::7" : "10.1.2.3"));
      } else if (variable.at("/valueFrom/fieldRef/fieldPath").asString("").equals("status.podIP")) {
        environment.put(name, "where the pod is");
      } else {
        secret(secret.path("name").asString(), secret.path("key").asString())
            .ifPresentOrElse(
                value -> environment.put(name, value),
                () -> {
                  if (!secret.path("optional").asBoolean(false)) {
                    throw new AssertionError("No Secret has what %s wants".formatted(variable));
                  }
                });
      }
    }
    return environment;
  }

  Optional<String> secret(String name, String key) {
    Optional<JsonNode> made = find("Secret", name);
    if (made.isEmpty()) {
      return Optional.ofNullable(existing.get(name + "/" + key));
    }
    return Optional.ofNullable(made.get().path("data").get(key))
        .map(value ->
            new String(Base64.getDecoder().decode(value.asString()), StandardCharsets.UTF_8));
  }
}
