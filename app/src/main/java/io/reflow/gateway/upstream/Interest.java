package io.reflow.gateway.upstream;

import io.reflow.gateway.upstream.Listener.ListKind;
import java.util.Set;

/// What somebody wants to be told of, independent of any call: changes of lists, and of the
/// resources of these URIs, which are the target's own.
public record Interest(Set<ListKind> lists, Set<String> uris) {

  public static final Interest NONE = new Interest(Set.of(), Set.of());

  public Interest {
    lists = Set.copyOf(lists);
    uris = Set.copyOf(uris);
  }
}
