package io.reflow.gateway.target;

import io.reflow.gateway.target.Transport.Stdio;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A target as admins see it: all fields.
///
/// @param command a text for a process, and a list of them for a pod
public record TargetJson(
    String id,
    String name,
    String transportType,
    @Nullable String url,
    @Nullable Object command,
    @Nullable List<String> args,
    @Nullable String image,
    @Nullable Integer port,
    @Nullable String path,
    @Nullable String healthPath,
    @Nullable Map<String, String> resources,
    @Nullable String egress,
    @Nullable List<String> egressAllow,
    @Nullable String serviceAccountName,
    @Nullable String runtimeClassName,
    @Nullable String idleTtl,
    @Nullable String maxLifetime,
    String statefulness,
    String isolationBoundary,
    String authType,
    @Nullable String authHeaderName,
    String protocol,
    @Nullable String title,
    int priority,
    @Nullable String toolPrefix,
    String uriMode,
    String capabilities,
    Map<String, Boolean> features,
    boolean replaySafe,
    boolean trusted,
    boolean tty,
    @Nullable Boolean network,
    boolean enabled,
    @Nullable String description,
    long revision,
    String createdAt,
    String updatedAt) {

  public static TargetJson of(Target target) {
    Transport transport = target.transport();
    UpstreamAuth auth = target.auth();
    TargetSettings settings = target.settings();
    PodJson pod =
        transport instanceof Transport.Kubernetes(var runs) ? PodJson.of(runs) : PodJson.NONE;
    return new TargetJson(
        target.id().toString(),
        target.name(),
        transport.wireName(),
        transport.address().map(URI::toString).orElse(null),
        transport instanceof Stdio(var command, _, _) ? command : pod.command(),
        transport instanceof Stdio(_, var arguments, _) ? arguments : pod.args(),
        pod.image(),
        pod.port(),
        pod.path(),
        pod.healthPath(),
        pod.resources(),
        pod.egress(),
        pod.egressAllow(),
        pod.serviceAccountName(),
        pod.runtimeClassName(),
        pod.idleTtl(),
        pod.maxLifetime(),
        settings.stateful() ? "stateful" : "stateless",
        target.isolation().wireName(),
        auth.wireName(),
        auth instanceof UpstreamAuth.Header(var name) ? name : null,
        settings.protocol().wireName(),
        target.title().orElse(null),
        target.priority(),
        target.toolPrefix().orElse(null),
        settings.uriMode().wireName(),
        settings.capabilities().wireName(),
        settings.features(),
        settings.replaySafe(),
        settings.trusted(),
        transport instanceof Stdio(_, _, var tty) && tty,
        transport instanceof Stdio ? settings.network() : null,
        target.enabled(),
        settings.description().orElse(null),
        target.revision(),
        target.createdAt().toString(),
        target.updatedAt().toString());
  }
}
