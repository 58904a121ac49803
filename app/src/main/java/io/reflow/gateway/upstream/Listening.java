package io.reflow.gateway.upstream;

import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Listener.ListKind;
import java.util.concurrent.CompletableFuture;

/// One who listens to an instance: hears of nothing but what it has asked for.
final class Listening {

  private final Reach reach;
  private final Interest interest;
  private final Listener listener;
  private final CompletableFuture<Boolean> live = new CompletableFuture<>();

  Listening(Reach reach, Interest interest, Listener listener) {
    this.reach = reach;
    this.interest = interest;
    this.listener = listener;
  }

  Reach reach() {
    return reach;
  }

  Interest interest() {
    return interest;
  }

  Listener listener() {
    return listener;
  }

  /// Done when the target tells of what is wanted.
  CompletableFuture<Boolean> live() {
    return live;
  }

  void listChanged(ListKind kind) {
    if (interest.lists().contains(kind)) {
      listener.listChanged(kind);
    }
  }

  void resourceUpdated(String uri, RawJson params) {
    if (interest.uris().contains(uri) || interest.uris().stream().anyMatch(in -> isIn(in, uri))) {
      listener.resourceUpdated(uri, params);
    }
  }

  /// A target may tell of a part of what was asked for.
  private static boolean isIn(String whole, String part) {
    return part.startsWith(whole) && (whole.endsWith("/") || part.startsWith("/", whole.length()));
  }

  /// Something may have changed while nobody could tell.
  void everythingMayHaveChanged() {
    interest.lists().forEach(listener::listChanged);
    interest
        .uris()
        .forEach(uri ->
            listener.resourceUpdated(uri, RawJson.of("{\"uri\":" + JsonText.quote(uri) + "}")));
  }
}
