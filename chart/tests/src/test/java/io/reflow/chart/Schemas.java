package io.reflow.chart;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.kubernetes.client.custom.Quantity;
import io.kubernetes.client.openapi.JSON;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1Ingress;
import io.kubernetes.client.openapi.models.V1Job;
import io.kubernetes.client.openapi.models.V1Namespace;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1Pod;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1ResourceQuota;
import io.kubernetes.client.openapi.models.V1Role;
import io.kubernetes.client.openapi.models.V1RoleBinding;
import io.kubernetes.client.openapi.models.V1Secret;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1ServiceAccount;
import io.kubernetes.client.openapi.models.V1StatefulSet;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/// What an API server would refuse an object for: fields that are unknown, missing or of another
/// type.
///
/// The kinds of Kubernetes are held to the models of its official Java client, those of the Gateway
/// API to fabric8's. Of the Prometheus operator's there is what the chart may use of them.
final class Schemas {

  private interface Check {
    void check(JsonElement json) throws IOException;
  }

  private record Kind(Class<?> model, Check check) {}

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private static final Pattern QUANTITY = Pattern.compile("\\d+(\\.\\d+)?([KMGTP]i?|m|k)?");

  private static final Map<String, Kind> KINDS =
      Map.ofEntries(
          Map.entry("v1 ConfigMap", new Kind(V1ConfigMap.class, V1ConfigMap::validateJsonElement)),
          Map.entry("v1 Namespace", new Kind(V1Namespace.class, V1Namespace::validateJsonElement)),
          Map.entry("v1 Pod", new Kind(V1Pod.class, V1Pod::validateJsonElement)),
          Map.entry(
              "v1 ResourceQuota",
              new Kind(V1ResourceQuota.class, V1ResourceQuota::validateJsonElement)),
          Map.entry("v1 Secret", new Kind(V1Secret.class, V1Secret::validateJsonElement)),
          Map.entry("v1 Service", new Kind(V1Service.class, V1Service::validateJsonElement)),
          Map.entry(
              "v1 ServiceAccount",
              new Kind(V1ServiceAccount.class, V1ServiceAccount::validateJsonElement)),
          Map.entry(
              "apps/v1 Deployment",
              new Kind(V1Deployment.class, V1Deployment::validateJsonElement)),
          Map.entry(
              "apps/v1 StatefulSet",
              new Kind(V1StatefulSet.class, V1StatefulSet::validateJsonElement)),
          Map.entry("batch/v1 Job", new Kind(V1Job.class, V1Job::validateJsonElement)),
          Map.entry(
              "networking.k8s.io/v1 Ingress",
              new Kind(V1Ingress.class, V1Ingress::validateJsonElement)),
          Map.entry(
              "networking.k8s.io/v1 NetworkPolicy",
              new Kind(V1NetworkPolicy.class, V1NetworkPolicy::validateJsonElement)),
          Map.entry(
              "policy/v1 PodDisruptionBudget",
              new Kind(V1PodDisruptionBudget.class, V1PodDisruptionBudget::validateJsonElement)),
          Map.entry(
              "rbac.authorization.k8s.io/v1 Role",
              new Kind(V1Role.class, V1Role::validateJsonElement)),
          Map.entry(
              "rbac.authorization.k8s.io/v1 RoleBinding",
              new Kind(V1RoleBinding.class, V1RoleBinding::validateJsonElement)));

  /// The fields of the Prometheus operator's kinds that the chart may use; `[]` is any entry of a
  /// list and `*` any member.
  private static final Map<String, Set<String>> PROMETHEUS =
      Map.of(
          "monitoring.coreos.com/v1 ServiceMonitor",
          Set.of(
              "spec.selector.matchLabels.*",
              "spec.namespaceSelector.matchNames[]",
              "spec.endpoints[].port",
              "spec.endpoints[].path",
              "spec.endpoints[].interval"),
          "monitoring.coreos.com/v1 PrometheusRule",
          Set.of(
              "spec.groups[].name",
              "spec.groups[].interval",
              "spec.groups[].rules[].alert",
              "spec.groups[].rules[].expr",
              "spec.groups[].rules[].for",
              "spec.groups[].rules[].labels.*",
              "spec.groups[].rules[].annotations.*"));

  private Schemas() {}

  static String kind(JsonNode object) {
    return "%s %s"
        .formatted(object.path("apiVersion").asString(""), object.path("kind").asString(""));
  }

  /// What is wrong with the object.
  static List<String> problems(JsonNode object) {
    String name = kind(object);
    Kind kind = KINDS.get(name);
    if (kind != null) {
      return ofKubernetes(object, kind);
    }
    if (name.equals("gateway.networking.k8s.io/v1 HTTPRoute")) {
      return unknownTo(HTTPRoute.class, object);
    }
    Set<String> fields = PROMETHEUS.get(name);
    if (fields != null) {
      return leaves("spec", object.path("spec"))
          .map(Map.Entry::getKey)
          .filter(path ->
              fields.stream()
                  .noneMatch(field ->
                      field.endsWith("*")
                          ? path.startsWith(field.substring(0, field.length() - 1))
                          : path.equals(field)))
          .toList();
    }
    return List.of("there is no schema for " + name);
  }

  private static List<String> ofKubernetes(JsonNode object, Kind kind) {
    JsonElement json = JsonParser.parseString(object.toString());
    try {
      kind.check().check(json);
      Object read = JSON.getGson().fromJson(json, kind.model());
      return lost(object, MAPPER.readTree(JSON.getGson().toJson(read)));
    } catch (IOException | RuntimeException e) {
      return List.of(String.valueOf(e.getMessage()));
    }
  }

  /// The models read the text "3000" as a number where one is wanted; the API server does not.
  private static List<String> lost(JsonNode given, JsonNode read) {
    Map<String, List<JsonNode>> there = byPath(read);
    return leaves("", given)
        .filter(leaf ->
            there.getOrDefault(leaf.getKey(), List.of()).stream()
                .noneMatch(found -> same(leaf.getValue(), found)))
        .map(leaf ->
            "%s is read as %s, not as %s"
                .formatted(leaf.getKey(), there.get(leaf.getKey()), leaf.getValue()))
        .toList();
  }

  private static Map<String, List<JsonNode>> byPath(JsonNode object) {
    return leaves("", object)
        .collect(
            Collectors.groupingBy(
                Map.Entry::getKey, Collectors.mapping(Map.Entry::getValue, Collectors.toList())));
  }

  private static boolean same(JsonNode given, JsonNode read) {
    if (given.equals(read)) {
      return true;
    }
    // Quantities come back in another notation.
    return read.isString()
        && QUANTITY.matcher(given.asString()).matches()
        && QUANTITY.matcher(read.asString()).matches()
        && Quantity.fromString(given.asString())
                .getNumber()
                .compareTo(Quantity.fromString(read.asString()).getNumber())
            == 0;
  }

  private static Stream<Map.Entry<String, JsonNode>> leaves(String path, JsonNode node) {
    if (node.isObject() && !node.isEmpty()) {
      String before = path.isEmpty() ? "" : path + ".";
      return node.propertyStream()
          .flatMap(entry -> leaves(before + entry.getKey(), entry.getValue()));
    }
    if (node.isArray() && !node.isEmpty()) {
      return node.valueStream().flatMap(entry -> leaves(path + "[]", entry));
    }
    return node.isContainer() ? Stream.empty() : Stream.of(Map.entry(path, node));
  }

  private static List<String> unknownTo(Class<?> model, JsonNode object) {
    try {
      var found = new ArrayList<String>();
      collect("", Serialization.unmarshal(object.toString(), model), found);
      return found;
    } catch (RuntimeException e) {
      return List.of(String.valueOf(e.getMessage()));
    }
  }

  /// What the models could not place they keep as additional properties.
  private static void collect(String path, Object value, List<String> found) {
    if (value instanceof List<?> list) {
      list.forEach(one -> collect(path + "[]", one, found));
    }
    if (!value.getClass().getName().startsWith("io.fabric8") || value instanceof Enum) {
      return;
    }
    for (var method : value.getClass().getMethods()) {
      boolean getter = method.getName().startsWith("get") && method.getParameterCount() == 0;
      if (getter && !method.getName().equals("getClass")) {
        try {
          Object part = method.invoke(value);
          if (method.getName().equals("getAdditionalProperties")
              && part instanceof Map<?, ?> unknown) {
            unknown.keySet().forEach(key -> found.add(path + "." + key));
          } else if (part != null) {
            collect(path + "." + method.getName().substring(3), part, found);
          }
        } catch (ReflectiveOperationException e) {
          throw new IllegalStateException(e);
        }
      }
    }
  }
}
