package io.reflow.gateway.upstream.kubernetes;

import io.reflow.gateway.config.Secret;
import io.reflow.gateway.target.Pod;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.upstream.Opening;
import io.reflow.operator.crd.InstanceName;
import java.util.Map;

/// An instance that somebody wants to use.
///
/// @param name of the instance, which no other target and subject have
/// @param environment that its Secret holds
record Wanted(
    String name,
    TargetId target,
    String targetName,
    String subject,
    Pod pod,
    Map<String, Secret> environment) {

  static Wanted of(Opening opening, Pod pod) {
    TargetId target = opening.target().id();
    String subject = Subjects.key(opening.key().sharing());
    return new Wanted(
        InstanceName.of(target.toString(), subject),
        target,
        opening.target().name(),
        subject,
        pod,
        opening.injection().environment());
  }

  /// Where its service is in the cluster, by the operator's rule.
  String service(String namespace) {
    return address("http://{name}.{namespace}.svc:{port}", namespace);
  }

  /// What a template says of it.
  String address(String template, String namespace) {
    return template
        .replace("{name}", name)
        .replace("{namespace}", namespace)
        .replace("{port}", Integer.toString(pod.port()));
  }

  /// Values may be secrets.
  @Override
  public String toString() {
    return "Wanted[" + name + "]";
  }
}
