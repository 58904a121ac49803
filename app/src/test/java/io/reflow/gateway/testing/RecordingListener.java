package io.reflow.gateway.testing;

import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Listener;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// A listener that remembers what it hears.
///
/// @param resources the URIs of the resources that have changed
public record RecordingListener(List<ListKind> lists, List<String> resources) implements Listener {

  public RecordingListener() {
    this(new CopyOnWriteArrayList<>(), new CopyOnWriteArrayList<>());
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
