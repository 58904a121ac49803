package io.reflow.gateway.target;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A pod as an admin writes it, and as it is stored: nothing checked yet.
record PodJson(
    @Nullable String image,
    @Nullable Integer port,
    @Nullable String path,
    @Nullable String healthPath,
    @Nullable List<String> command,
    @Nullable List<String> args,
    @Nullable Map<String, String> resources,
    @Nullable String egress,
    @Nullable List<String> egressAllow,
    @Nullable String serviceAccountName,
    @Nullable String runtimeClassName,
    @Nullable String idleTtl,
    @Nullable String maxLifetime) {

  /// Of a target that runs otherwise.
  static final PodJson NONE =
      new PodJson(null, null, null, null, null, null, null, null, null, null, null, null, null);

  static PodJson of(Pod pod) {
    return new PodJson(
        pod.image(),
        pod.port(),
        pod.path(),
        pod.healthPath().orElse(null),
        pod.command(),
        pod.arguments(),
        pod.resources(),
        pod.egress().wireName(),
        pod.allowed().stream().map(Pod.Destination::wireName).toList(),
        pod.serviceAccount().orElse(null),
        pod.runtimeClass().orElse(null),
        pod.idleTtl().orElse(null),
        pod.maxLifetime().orElse(null));
  }
}
