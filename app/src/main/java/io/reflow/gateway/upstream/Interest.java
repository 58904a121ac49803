package io.reflow.gateway.upstream;

import io.reflow.gateway.upstream.Listener.ListKind;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Set;

/// What somebody wants to be told of, independent of any call: changes of lists, and of the
/// resources of these URIs, which are the target's own.
public record Interest(Set<ListKind> lists, Set<String> uris) {

  public static final Interest NONE = new Interest(Set.of(), Set.of());

  public Interest {
    lists = Set.copyOf(lists);
    uris = Set.copyOf(uris);
  }

  /// What any of them wants.
  public static Interest of(Collection<Interest> all) {
    Set<ListKind> lists = EnumSet.noneOf(ListKind.class);
    Set<String> uris = new HashSet<>();
    for (Interest one : all) {
      lists.addAll(one.lists);
      uris.addAll(one.uris);
    }
    return new Interest(lists, uris);
  }

  public boolean covers(Interest other) {
    return lists.containsAll(other.lists) && uris.containsAll(other.uris);
  }
}
