package io.reflow.chart;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/// The pods that objects lead to, and the restricted [Pod Security
/// Standard](https://kubernetes.io/docs/concepts/security/pod-security-standards/), with what this
/// house asks beyond it.
final class Pods {

  private static final Set<String> VOLUMES =
      Set.of(
          "configMap",
          "csi",
          "downwardAPI",
          "emptyDir",
          "ephemeral",
          "persistentVolumeClaim",
          "projected",
          "secret");

  private Pods() {}

  /// A pod, or the template of one: `metadata` and `spec`.
  static Stream<JsonNode> of(List<JsonNode> objects) {
    return objects.stream().flatMap(Pods::of);
  }

  static Stream<JsonNode> of(JsonNode object) {
    return switch (object.path("kind").asString("")) {
      case "Pod" -> Stream.of(object);
      case "StatefulSet", "Deployment", "Job", "DaemonSet", "ReplicaSet" ->
          Stream.of(object.at("/spec/template"));
      case "CronJob" -> Stream.of(object.at("/spec/jobTemplate/spec/template"));
      default -> Stream.empty();
    };
  }

  /// What the standard, or the house, refuses the pod for.
  static List<String> violations(JsonNode pod) {
    var found = new ArrayList<String>();
    JsonNode spec = pod.path("spec");
    for (String name : List.of("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace")) {
      check(!spec.path(name).asBoolean(false), name, found);
    }
    for (JsonNode volume : spec.path("volumes")) {
      for (String type : volume.propertyNames()) {
        check(type.equals("name") || VOLUMES.contains(type), "volume " + type, found);
      }
    }
    JsonNode all = spec.path("securityContext");
    for (String member : List.of("sysctls", "seLinuxOptions", "windowsOptions")) {
      check(!all.has(member), member, found);
    }
    check(all.path("runAsUser").asInt(0) > 0, "runAsUser", found);
    check(spec.path("enableServiceLinks").asBoolean(true) == false, "enableServiceLinks", found);
    check(spec.has("automountServiceAccountToken"), "automountServiceAccountToken", found);
    check(!spec.path("containers").isEmpty(), "containers", found);
    for (String kind : List.of("initContainers", "containers", "ephemeralContainers")) {
      spec.path(kind).forEach(container -> container(container, all, found));
    }
    return found;
  }

  private static void container(JsonNode container, JsonNode all, List<String> found) {
    JsonNode own = container.path("securityContext");
    check(!own.path("privileged").asBoolean(false), "privileged", found);
    check(!own.path("allowPrivilegeEscalation").asBoolean(true), "allowPrivilegeEscalation", found);
    check(
        own.path("runAsNonRoot").asBoolean(all.path("runAsNonRoot").asBoolean(false)),
        "runAsNonRoot",
        found);
    check(own.path("runAsUser").asInt(1) > 0, "runAsUser", found);
    String profile =
        (own.has("seccompProfile") ? own : all).path("seccompProfile").path("type").asString("");
    check(Set.of("RuntimeDefault", "Localhost").contains(profile), "seccompProfile", found);
    List<String> dropped =
        own.at("/capabilities/drop").valueStream().map(JsonNode::asString).toList();
    check(dropped.contains("ALL"), "capabilities.drop", found);
    for (JsonNode added : own.at("/capabilities/add")) {
      check(added.asString().equals("NET_BIND_SERVICE"), "capabilities.add", found);
    }
    check(own.path("procMount").asString("Default").equals("Default"), "procMount", found);
    check(own.path("readOnlyRootFilesystem").asBoolean(false), "readOnlyRootFilesystem", found);
    check(container.at("/resources/limits").has("memory"), "resources.limits.memory", found);
    for (JsonNode port : container.path("ports")) {
      check(!port.has("hostPort"), "hostPort", found);
    }
  }

  private static void check(boolean well, String name, List<String> found) {
    if (!well) {
      found.add(name);
    }
  }
}
