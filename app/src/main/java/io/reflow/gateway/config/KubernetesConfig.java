package io.reflow.gateway.config;

import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/// The `kubernetes` section: targets that run as pods.
///
/// @param namespace of the instances, where nothing else is
/// @param apiServer in place of what the pod's own environment or a kubeconfig says
/// @param token for that API server
/// @param serviceUrl how an instance is reached, with `{name}`, `{namespace}` and `{port}`
/// @param startTimeout how long a call waits for a pod that starts or wakes
@InUseWhen("enabled")
public record KubernetesConfig(
    boolean enabled,
    String namespace,
    Optional<URI> apiServer,
    Optional<Secret> token,
    String serviceUrl,
    Duration startTimeout,
    int maxInstances,
    int maxInstancesPerTarget,
    int maxInstancesPerUser) {

  private static final Set<String> SCHEMES = Set.of("http", "https");

  /// What the operator calls the service of an instance.
  public static final String SERVICE_URL = "http://{name}.{namespace}.svc:{port}";

  public static final KubernetesConfig DEFAULTS =
      new KubernetesConfig(
          false,
          "reflow",
          Optional.empty(),
          Optional.empty(),
          SERVICE_URL,
          Duration.ofMinutes(2),
          500,
          100,
          20);

  public KubernetesConfig {
    new Check("kubernetes")
        .notBlank("namespace", namespace)
        .that(
            apiServer.isEmpty() || isAddress(apiServer.get()),
            "api-server",
            apiServer.map(URI::toString).orElse(""),
            "a URL that begins with https:// or http://")
        .that(
            serviceUrl.contains("{name}") && isAddress(serviceUrl),
            "service-url",
            serviceUrl,
            "a URL that begins with http:// or https:// and has {name} in it")
        .positive("start-timeout", startTimeout)
        .range("max-instances", maxInstances, 1, 100_000)
        .range("max-instances-per-target", maxInstancesPerTarget, 1, 100_000)
        .range("max-instances-per-user", maxInstancesPerUser, 1, 100_000)
        .orThrow();
  }

  private static boolean isAddress(String template) {
    try {
      return isAddress(
          URI.create(
              template.replace("{name}", "a").replace("{namespace}", "b").replace("{port}", "1")));
    } catch (IllegalArgumentException _) {
      return false;
    }
  }

  private static boolean isAddress(URI url) {
    return url.getScheme() != null && SCHEMES.contains(url.getScheme()) && url.getHost() != null;
  }
}
