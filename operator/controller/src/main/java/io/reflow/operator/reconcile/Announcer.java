package io.reflow.operator.reconcile;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.reflow.operator.crd.McpInstance;
import io.reflow.operator.desired.Labels;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells `kubectl describe` what happened to an instance. Nothing depends on it: what can't be told
/// is left out.
final class Announcer {

  private static final Logger LOG = LoggerFactory.getLogger(Announcer.class);

  private final KubernetesClient client;
  private final String identity;

  Announcer(KubernetesClient client, String identity) {
    this.client = client;
    this.identity = identity;
  }

  /// One event for each version of the instance: a second try of the same makes no second one.
  void tell(McpInstance instance, boolean warning, String reason, String message, Instant now) {
    var metadata = instance.getMetadata();
    Event event =
        new EventBuilder()
            .withNewMetadata()
            .withName(metadata.getName() + "." + metadata.getResourceVersion())
            .withNamespace(metadata.getNamespace())
            .endMetadata()
            .withNewInvolvedObject()
            .withApiVersion(McpInstance.GROUP + "/" + McpInstance.VERSION)
            .withKind(McpInstance.KIND)
            .withName(metadata.getName())
            .withNamespace(metadata.getNamespace())
            .withUid(metadata.getUid())
            .endInvolvedObject()
            .withType(warning ? "Warning" : "Normal")
            .withReason(reason)
            .withMessage(message.length() > 1000 ? message.substring(0, 1000) : message)
            .withFirstTimestamp(Times.write(now))
            .withLastTimestamp(Times.write(now))
            .withCount(1)
            .withNewSource()
            .withComponent(Labels.OPERATOR)
            .endSource()
            .withReportingComponent(Labels.OPERATOR)
            .withReportingInstance(identity)
            .build();
    try {
      Event _ = client.resource(event).create();
    } catch (KubernetesClientException e) {
      LOG.atDebug().addKeyValue("instance", metadata.getName()).log("No event: {}", e.getMessage());
    }
  }
}
