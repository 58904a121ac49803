package io.reflow.gateway.instance;

import java.util.Optional;

/// What the operator says of an instance that runs as a pod.
///
/// @param phase `Pending`, `Ready`, `Idle` or `Failed`
/// @param name of the pod, while there is one
public record PodState(String phase, Optional<String> name) {}
