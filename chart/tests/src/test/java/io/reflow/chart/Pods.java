package io.reflow.chart;

import io.reflow.operator.testing.PodSecurity;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/// The pods that objects lead to, and what this house asks of them beyond the restricted Pod
/// Security Standard.
final class Pods {

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
    var found = new ArrayList<String>(PodSecurity.violations(pod));
    JsonNode spec = pod.path("spec");
    check(!spec.path("shareProcessNamespace").asBoolean(false), "shareProcessNamespace", found);
    check(spec.at("/securityContext/runAsUser").asInt(0) > 0, "runAsUser", found);
    check(spec.path("enableServiceLinks").asBoolean(true) == false, "enableServiceLinks", found);
    check(spec.has("automountServiceAccountToken"), "automountServiceAccountToken", found);
    check(!spec.path("containers").isEmpty(), "containers", found);
    for (String kind : List.of("initContainers", "containers")) {
      spec.path(kind).forEach(container -> container(container, found));
    }
    return found;
  }

  private static void container(JsonNode container, List<String> found) {
    JsonNode own = container.path("securityContext");
    check(own.path("readOnlyRootFilesystem").asBoolean(false), "readOnlyRootFilesystem", found);
    check(container.at("/resources/limits").has("memory"), "resources.limits.memory", found);
  }

  private static void check(boolean well, String name, List<String> found) {
    if (!well) {
      found.add(name);
    }
  }
}
