package io.reflow.operator.reconcile;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.reflow.operator.crd.McpInstance;
import io.reflow.operator.desired.Labels;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Removes what was made for an instance that is no more, and what passes for an instance's own
/// under another name.
///
/// The cluster's garbage collection does most of it; this does what it can't see, such as a thing
/// that has lost its owner. An instance that was not seen is asked for before anything goes.
final class Orphans {

  private static final Logger LOG = LoggerFactory.getLogger(Orphans.class);

  private final Cluster cluster;

  Orphans(Cluster cluster) {
    this.cluster = cluster;
  }

  /// Looks at all that was made for the instance of this name.
  void removeOf(String name) {
    Optional<McpInstance> seen = cluster.instance(name);
    List<HasMetadata> strange =
        cluster.made().stream()
            .filter(thing -> Labels.instanceOf(thing).filter(name::equals).isPresent())
            .filter(thing -> thing.getMetadata().getDeletionTimestamp() == null)
            .filter(thing -> !belongs(thing, name, seen))
            .toList();
    if (!strange.isEmpty()) {
      Optional<McpInstance> instance = cluster.askFor(name);
      strange.stream().filter(thing -> !belongs(thing, name, instance)).forEach(this::remove);
    }
  }

  private static boolean belongs(HasMetadata thing, String name, Optional<McpInstance> instance) {
    return thing.getMetadata().getName().equals(name)
        && instance.filter(its -> Labels.owns(its, thing)).isPresent();
  }

  private void remove(HasMetadata thing) {
    LOG.atInfo()
        .addKeyValue("kind", thing.getKind())
        .addKeyValue("instance", thing.getMetadata().getName())
        .log("Removing what belongs to no instance");
    cluster.remove(thing);
  }
}
