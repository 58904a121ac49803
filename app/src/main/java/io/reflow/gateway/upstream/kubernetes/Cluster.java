package io.reflow.gateway.upstream.kubernetes;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.reflow.gateway.config.KubernetesConfig;
import io.reflow.operator.crd.McpInstance;
import java.net.HttpURLConnection;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/// The namespace of the instances: one watch of what becomes of them, and the few ways to change
/// it. What is asked for by name may be asked for by several replicas at once.
final class Cluster implements AutoCloseable {

  private static final int CONNECT_MILLIS = 5_000;
  private static final int REQUEST_MILLIS = 10_000;
  private static final int TRIES = 2;
  private static final long NO_RESYNC = 0;

  private final KubernetesClient client;
  private final String namespace;
  private final SharedIndexInformer<McpInstance> instances;

  /// @param seen is told of each change, and must not block
  /// @param gone is told what was seen last of an instance that is no more
  Cluster(KubernetesConfig config, Consumer<Sight> seen, Consumer<Sight> gone) {
    this.client = new KubernetesClientBuilder().withConfig(connection(config)).build();
    this.namespace = config.namespace();
    this.instances =
        client
            .resources(McpInstance.class)
            .inNamespace(namespace)
            .withLabel(Desired.MANAGED_BY, Desired.GATEWAY)
            .runnableInformer(NO_RESYNC)
            // Whatever goes wrong while watching is tried again, with pauses.
            .exceptionHandler((_, _) -> true)
            .addEventHandler(new Changes(seen, gone));
  }

  /// What is not said here comes from the pod's own environment or a kubeconfig. Watches go over
  /// plain HTTP/1.1, as they are tried.
  private static Config connection(KubernetesConfig config) {
    var connection =
        config
            .apiServer()
            .map(url ->
                new ConfigBuilder(Config.empty())
                    .withMasterUrl(url.toString())
                    .withOauthToken(
                        config.token().map(io.reflow.gateway.config.Secret::reveal).orElse(null)))
            .orElseGet(ConfigBuilder::new);
    return connection
        .withNamespace(config.namespace())
        .withOnlyHttpWatches(true)
        .withHttp2Disable(true)
        .withConnectionTimeout(CONNECT_MILLIS)
        .withRequestTimeout(REQUEST_MILLIS)
        .withRequestRetryBackoffLimit(TRIES)
        .build();
  }

  void start() {
    CompletionStage<Void> _ = instances.start();
  }

  /// Whether all instances have been seen at least once.
  boolean synced() {
    return instances.hasSynced();
  }

  /// The instance as it is now, not as it was last seen.
  Optional<Sight> ask(String name) {
    return Optional.ofNullable(
            client.resources(McpInstance.class).inNamespace(namespace).withName(name).get())
        .map(Sight::of);
  }

  /// Makes the instance, or what it should be of what there is.
  Sight apply(McpInstance instance) {
    return Sight.of(
        client
            .resource(instance)
            .inNamespace(namespace)
            .fieldManager(Desired.GATEWAY)
            .forceConflicts()
            .serverSideApply());
  }

  /// Notes a use; empty where there is no such instance.
  Optional<Sight> touch(String name, Instant at) {
    String patch =
        Serialization.asJson(
            Map.of(
                "metadata",
                Map.of("annotations", Map.of(McpInstance.LAST_USED_AT, Desired.time(at)))));
    try {
      return Optional.ofNullable(
              client
                  .resources(McpInstance.class)
                  .inNamespace(namespace)
                  .withName(name)
                  .patch(PatchContext.of(PatchType.JSON_MERGE), patch))
          .map(Sight::of);
    } catch (KubernetesClientException e) {
      if (e.getCode() == HttpURLConnection.HTTP_NOT_FOUND) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /// Makes the Secret; one of its name has its contents.
  void create(Secret secret) {
    try {
      Secret _ = client.resource(secret).inNamespace(namespace).create();
    } catch (KubernetesClientException e) {
      if (e.getCode() != HttpURLConnection.HTTP_CONFLICT) {
        throw e;
      }
    }
  }

  /// Makes the Secret, or lets the one that there is go with its owner.
  void apply(Secret secret) {
    Secret _ =
        client
            .resource(secret)
            .inNamespace(namespace)
            .fieldManager(Desired.GATEWAY)
            .forceConflicts()
            .serverSideApply();
  }

  void deleteSecret(String name) {
    var _ = client.secrets().inNamespace(namespace).withName(name).delete();
  }

  void delete(String name) {
    var _ = client.resources(McpInstance.class).inNamespace(namespace).withName(name).delete();
  }

  @Override
  public void close() {
    instances.stop();
    client.close();
  }

  private record Changes(Consumer<Sight> seen, Consumer<Sight> gone)
      implements ResourceEventHandler<McpInstance> {

    @Override
    public void onAdd(McpInstance instance) {
      seen.accept(Sight.of(instance));
    }

    @Override
    public void onUpdate(McpInstance before, McpInstance after) {
      seen.accept(Sight.of(after));
    }

    @Override
    public void onDelete(McpInstance last, boolean unsure) {
      gone.accept(Sight.of(last));
    }
  }
}
