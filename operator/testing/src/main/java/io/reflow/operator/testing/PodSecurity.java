package io.reflow.operator.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/// The restricted Pod Security Standard, control by control.
///
/// [The standard](https://kubernetes.io/docs/concepts/security/pod-security-standards/)
public final class PodSecurity {

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

  private PodSecurity() {}

  /// What a namespace that enforces the standard would refuse the pod for.
  public static List<String> violations(JsonNode pod) {
    var found = new ArrayList<String>();
    JsonNode spec = pod.path("spec");
    for (String name : List.of("hostNetwork", "hostPID", "hostIPC")) {
      if (spec.path(name).asBoolean(false)) {
        found.add(name);
      }
    }
    for (JsonNode volume : spec.path("volumes")) {
      for (String name : volume.propertyNames()) {
        if (!name.equals("name") && !VOLUMES.contains(name)) {
          found.add("volume type " + name);
        }
      }
    }
    JsonNode all = spec.path("securityContext");
    for (String kind : List.of("initContainers", "containers", "ephemeralContainers")) {
      for (JsonNode container : spec.path(kind)) {
        container(container, all, found);
      }
    }
    if (all.has("sysctls") || all.has("seLinuxOptions") || all.has("windowsOptions")) {
      found.add("sysctls, seLinuxOptions or windowsOptions");
    }
    return found;
  }

  private static void container(JsonNode container, JsonNode all, List<String> found) {
    JsonNode own = container.path("securityContext");
    if (own.path("privileged").asBoolean(false)) {
      found.add("privileged");
    }
    if (own.path("allowPrivilegeEscalation").asBoolean(true)) {
      found.add("allowPrivilegeEscalation != false");
    }
    boolean nonRoot = own.path("runAsNonRoot").asBoolean(all.path("runAsNonRoot").asBoolean(false));
    if (!nonRoot) {
      found.add("runAsNonRoot != true");
    }
    if (own.path("runAsUser").asInt(all.path("runAsUser").asInt(1)) == 0) {
      found.add("runAsUser=0");
    }
    JsonNode seccomp = own.has("seccompProfile") ? own : all;
    String profile = seccomp.path("seccompProfile").path("type").asString("");
    if (!Set.of("RuntimeDefault", "Localhost").contains(profile)) {
      found.add("seccompProfile");
    }
    boolean drops = false;
    for (JsonNode dropped : own.path("capabilities").path("drop")) {
      drops |= dropped.asString().equals("ALL");
    }
    if (!drops) {
      found.add("unrestricted capabilities");
    }
    for (JsonNode added : own.path("capabilities").path("add")) {
      if (!added.asString().equals("NET_BIND_SERVICE")) {
        found.add("capability " + added.asString());
      }
    }
    if (own.path("procMount").asString("Default").equals("Unmasked")) {
      found.add("procMount");
    }
    for (JsonNode port : container.path("ports")) {
      if (port.path("hostPort").asInt(0) != 0) {
        found.add("hostPort");
      }
    }
  }
}
