package io.reflow.operator.reconcile;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.KubernetesResourceList;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.FilterWatchListDeletable;
import io.fabric8.kubernetes.client.dsl.Filterable;
import io.fabric8.kubernetes.client.dsl.Informable;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.reflow.operator.crd.McpInstance;
import io.reflow.operator.crd.McpInstanceStatus;
import io.reflow.operator.desired.Labels;
import java.net.HttpURLConnection;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// The namespace of the instances: what was last seen of it, and the ways to change it.
///
/// What was seen may be old. So nothing is changed but by its name, which the API server gives away
/// once, or by the version that was seen: an old view makes a change fail, never do harm.
final class Cluster implements AutoCloseable {

  private static final long NO_RESYNC = 0;

  private final KubernetesClient client;
  private final String namespace;
  private final SharedIndexInformer<McpInstance> instances;
  private final SharedIndexInformer<Pod> pods;
  private final SharedIndexInformer<Service> services;
  private final SharedIndexInformer<NetworkPolicy> policies;

  /// @param changed is told the name of an instance of which anything has changed
  Cluster(KubernetesClient client, String namespace, Consumer<String> changed) {
    this.client = client;
    this.namespace = namespace;
    instances =
        watching(
            client.resources(McpInstance.class).inNamespace(namespace),
            instance -> changed.accept(instance.getMetadata().getName()));
    Consumer<HasMetadata> made = thing -> Labels.instanceOf(thing).ifPresent(changed);
    pods = watching(ours(client.pods().inNamespace(namespace)), made::accept);
    services = watching(ours(client.services().inNamespace(namespace)), made::accept);
    policies =
        watching(
            ours(client.network().v1().networkPolicies().inNamespace(namespace)), made::accept);
  }

  void start() {
    for (var informer : informers()) {
      CompletionStage<Void> _ = informer.start();
    }
  }

  /// Whether everything has been seen at least once.
  boolean synced() {
    return informers().stream().allMatch(SharedIndexInformer::hasSynced);
  }

  Optional<McpInstance> instance(String name) {
    return seen(instances, name);
  }

  Optional<Pod> pod(String name) {
    return seen(pods, name);
  }

  Optional<Service> service(String name) {
    return seen(services, name);
  }

  Optional<NetworkPolicy> policy(String name) {
    return seen(policies, name);
  }

  List<McpInstance> instances() {
    return instances.getStore().list();
  }

  /// All that was made for instances, of whatever name.
  List<HasMetadata> made() {
    var all = new ArrayList<HasMetadata>(pods.getStore().list());
    all.addAll(services.getStore().list());
    all.addAll(policies.getStore().list());
    return all;
  }

  /// The names of all instances, and of those that something was made for.
  Set<String> names() {
    var names = new TreeSet<String>();
    Stream.concat(
            instances().stream().map(instance -> instance.getMetadata().getName()),
            made().stream().map(Labels::instanceOf).flatMap(Optional::stream))
        .forEach(names::add);
    return names;
  }

  /// The instance as it is now, not as it was last seen.
  Optional<McpInstance> askFor(String name) {
    return Optional.ofNullable(
        client.resources(McpInstance.class).inNamespace(namespace).withName(name).get());
  }

  /// The pod as it is now, not as it was last seen.
  Optional<Pod> askForPod(String name) {
    return Optional.ofNullable(client.pods().inNamespace(namespace).withName(name).get());
  }

  /// Makes the pod; false if there is one of its name, whosever it is.
  boolean create(Pod pod) {
    try {
      Pod _ = client.resource(pod).create();
      return true;
    } catch (KubernetesClientException e) {
      if (e.getCode() != HttpURLConnection.HTTP_CONFLICT) {
        throw e;
      }
      return false;
    }
  }

  /// Makes the thing, or what of it the operator lays down.
  void apply(HasMetadata thing) {
    HasMetadata _ =
        client.resource(thing).fieldManager(Labels.OPERATOR).forceConflicts().serverSideApply();
  }

  /// Removes the thing unless it has changed since it was seen.
  void remove(HasMetadata seen) {
    try {
      var _ =
          client
              .resource(seen)
              .lockResourceVersion(seen.getMetadata().getResourceVersion())
              .delete();
    } catch (KubernetesClientException e) {
      if (e.getCode() != HttpURLConnection.HTTP_NOT_FOUND) {
        throw e;
      }
    }
  }

  /// Writes the status unless the instance has changed since it was seen.
  McpInstance writeStatus(McpInstance seen, McpInstanceStatus status) {
    var written = new McpInstance();
    written.setMetadata(
        new ObjectMetaBuilder(seen.getMetadata()).withManagedFields(List.of()).build());
    written.setSpec(seen.getSpec());
    written.setStatus(status);
    return client.resource(written).updateStatus();
  }

  @Override
  public void close() {
    informers().forEach(SharedIndexInformer::stop);
  }

  private List<SharedIndexInformer<?>> informers() {
    return List.of(instances, pods, services, policies);
  }

  private static <T extends HasMetadata, L extends KubernetesResourceList<T>, R extends Resource<T>>
      FilterWatchListDeletable<T, L, R> ours(Filterable<FilterWatchListDeletable<T, L, R>> all) {
    return all.withLabel(Labels.MANAGED_BY, Labels.OPERATOR);
  }

  private static <T extends HasMetadata> SharedIndexInformer<T> watching(
      Informable<T> all, Consumer<T> changed) {
    return all.runnableInformer(NO_RESYNC)
        // Whatever goes wrong while watching is tried again, with pauses.
        .exceptionHandler((_, _) -> true)
        .addEventHandler(new Changes<>(changed));
  }

  private <T extends HasMetadata> Optional<T> seen(SharedIndexInformer<T> informer, String name) {
    return Optional.ofNullable(informer.getStore().getByKey(namespace + "/" + name));
  }

  private record Changes<T>(Consumer<T> changed) implements ResourceEventHandler<T> {

    @Override
    public void onAdd(T thing) {
      changed.accept(thing);
    }

    @Override
    public void onUpdate(T before, T after) {
      changed.accept(after);
    }

    @Override
    public void onDelete(T last, boolean unsure) {
      changed.accept(last);
    }
  }
}
