package io.reflow.chart;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/// What no schema sees: objects that name others, which must be there.
final class References {

  private References() {}

  /// What is named and not there.
  static List<String> dangling(Installed installed) {
    var found = new ArrayList<String>();
    List<JsonNode> pods = Pods.of(installed.objects()).toList();
    for (JsonNode object : installed.objects()) {
      String name = Schemas.kind(object) + " " + object.at("/metadata/name").asString();
      check(
          object.path("kind").asString().equals("Namespace")
              || object.at("/metadata").has("namespace"),
          name + " has no namespace",
          found);
      switch (object.path("kind").asString()) {
        case "Service" -> service(name, object, pods, found);
        case "StatefulSet", "Deployment" -> workload(name, object, found);
        case "PodDisruptionBudget" ->
            check(selects(object.at("/spec/selector/matchLabels"), pods), name, found);
        case "NetworkPolicy" -> policy(name, object, pods, found);
        case "RoleBinding" ->
            check(
                installed.find("Role", object.at("/roleRef/name").asString()).isPresent(),
                name,
                found);
        case "Ingress" ->
            backend(
                installed, name, object.at("/spec/rules/0/http/paths/0/backend/service"), found);
        case "HTTPRoute" ->
            backend(installed, name, object.at("/spec/rules/0/backendRefs/0"), found);
        case "ServiceMonitor" -> monitor(installed, name, object, found);
        default -> {}
      }
    }
    for (JsonNode pod : pods) {
      volumes(installed, pod, found);
      secrets(installed, pod, found);
      account(installed, pod, found);
    }
    return found;
  }

  private static void service(
      String name, JsonNode service, List<JsonNode> pods, List<String> found) {
    JsonNode selector = service.at("/spec/selector");
    for (JsonNode port : service.at("/spec/ports")) {
      boolean open =
          pods.stream()
              .filter(pod -> matches(selector, pod))
              .flatMap(pod -> pod.at("/spec/containers/0/ports").valueStream())
              .anyMatch(there -> there.path("name").equals(port.path("targetPort")));
      check(open, name + " leads to no port " + port.path("targetPort"), found);
    }
  }

  private static void workload(String name, JsonNode workload, List<String> found) {
    JsonNode pod = workload.at("/spec/template");
    check(matches(workload.at("/spec/selector/matchLabels"), pod), name + " selects none", found);
    for (JsonNode spread : pod.at("/spec/topologySpreadConstraints")) {
      check(matches(spread.at("/labelSelector/matchLabels"), pod), name + " is not spread", found);
    }
  }

  private static void policy(
      String name, JsonNode policy, List<JsonNode> pods, List<String> found) {
    JsonNode labels = policy.at("/spec/podSelector/matchLabels");
    check(labels.isMissingNode() || selects(labels, pods), name + " selects none", found);
    for (JsonNode expression : policy.at("/spec/podSelector/matchExpressions")) {
      Set<String> values =
          expression
              .path("values")
              .valueStream()
              .map(JsonNode::asString)
              .collect(Collectors.toSet());
      String key = expression.path("key").asString();
      check(
          pods.stream()
              .anyMatch(pod ->
                  values.contains(pod.path("metadata").path("labels").path(key).asString(""))),
          name + " selects none",
          found);
    }
  }

  private static void backend(
      Installed installed, String name, JsonNode backend, List<String> found) {
    var service = installed.find("Service", backend.path("name").asString());
    JsonNode port = backend.path("port");
    boolean open =
        service.stream()
            .flatMap(it -> it.at("/spec/ports").valueStream())
            .anyMatch(there ->
                there.path("port").equals(port) || there.path("name").equals(port.path("name")));
    check(open, name + " leads nowhere", found);
  }

  private static void monitor(
      Installed installed, String name, JsonNode monitor, List<String> found) {
    JsonNode wanted = monitor.at("/spec/selector/matchLabels");
    List<JsonNode> services =
        installed.all("Service").filter(service -> matches(wanted, service)).toList();
    check(services.size() == 1, name + " watches %d services".formatted(services.size()), found);
    for (JsonNode endpoint : monitor.at("/spec/endpoints")) {
      boolean there =
          services.stream()
              .flatMap(service -> service.at("/spec/ports").valueStream())
              .anyMatch(port -> port.path("name").equals(endpoint.path("port")));
      check(there, name + " asks no port", found);
    }
  }

  private static void volumes(Installed installed, JsonNode pod, List<String> found) {
    Set<String> claims =
        installed
            .all("StatefulSet")
            .filter(set -> set.at("/spec/template").equals(pod))
            .flatMap(set -> set.at("/spec/volumeClaimTemplates").valueStream())
            .map(claim -> claim.at("/metadata/name").asString())
            .collect(Collectors.toSet());
    Set<String> volumes =
        Stream.concat(claims.stream(), names(pod.at("/spec/volumes"))).collect(Collectors.toSet());
    Set<String> mounted =
        names(pod.at("/spec/containers/0/volumeMounts")).collect(Collectors.toSet());
    check(volumes.equals(mounted), "volumes %s, mounted %s".formatted(volumes, mounted), found);
    for (JsonNode volume : pod.at("/spec/volumes")) {
      JsonNode map = volume.at("/configMap/name");
      check(
          map.isMissingNode()
              || installed.find("ConfigMap", map.asString()).isPresent()
              || map.asString().equals("authority"),
          "there is no ConfigMap " + map,
          found);
    }
  }

  private static void secrets(Installed installed, JsonNode pod, List<String> found) {
    for (JsonNode variable : pod.at("/spec/containers/0/env")) {
      JsonNode secret = variable.at("/valueFrom/secretKeyRef");
      if (!secret.isMissingNode() && !secret.path("optional").asBoolean(false)) {
        var value = installed.secret(secret.path("name").asString(), secret.path("key").asString());
        check(value.isPresent(), "there is no Secret for " + variable, found);
      }
    }
  }

  private static void account(Installed installed, JsonNode pod, List<String> found) {
    String name = pod.at("/spec/serviceAccountName").asString("");
    check(
        name.isEmpty()
            || name.equals("somebody")
            || installed.find("ServiceAccount", name).isPresent(),
        "there is no account " + name,
        found);
    check(
        !name.isEmpty() || !pod.at("/spec/automountServiceAccountToken").asBoolean(true),
        "the default account's token is there",
        found);
  }

  private static Stream<String> names(JsonNode list) {
    return list.valueStream().map(one -> one.path("name").asString());
  }

  private static boolean selects(JsonNode labels, List<JsonNode> pods) {
    return pods.stream().anyMatch(pod -> matches(labels, pod));
  }

  private static boolean matches(JsonNode labels, JsonNode pod) {
    JsonNode there = pod.path("metadata").path("labels");
    return !labels.isEmpty()
        && labels
            .propertyStream()
            .allMatch(label -> label.getValue().equals(there.path(label.getKey())));
  }

  private static void check(boolean well, String problem, List<String> found) {
    if (!well) {
      found.add(problem);
    }
  }
}
