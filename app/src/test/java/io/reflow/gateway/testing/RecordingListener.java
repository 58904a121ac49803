package io.reflow.gateway.testing;

import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Listener;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// A listener that remembers what it hears.
///
/// @param resources the URIs of the resources that have changed
/// @param completed the ids of the elicitations that are complete
public record RecordingListener(
    List<ListKind> lists, List<String> resources, List<String> completed) implements Listener {

  public RecordingListener() {
    this(new CopyOnWriteArrayList<>(), new CopyOnWriteArrayList<>(), new CopyOnWriteArrayList<>());
  }

  @Override
  public void elicitationCompleted(String elicitationId, RawJson params) {
    completed.add(elicitationId);
  }

  @Override
  public void listChanged(ListKind kind) {
    lists.add(kind);
  }

  @Override
  public void resourceUpdated(String uri, RawJson params) {
    resources.add(uri);
  }
}
