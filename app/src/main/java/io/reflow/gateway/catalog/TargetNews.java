package io.reflow.gateway.catalog;

import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.Listener;
import io.reflow.gateway.upstream.ServerFacts;
import io.reflow.gateway.upstream.Upstreams;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;
import java.util.function.Function;

/// Passes on what is learned of targets: to what is known of servers, and to whoever keeps lists.
public final class TargetNews implements Upstreams.Watcher {

  private final KnownServers servers;
  private final List<BiConsumer<InstanceKey, Listener.ListKind>> listeners =
      new CopyOnWriteArrayList<>();
  private final List<Completed> completed = new CopyOnWriteArrayList<>();
  private final List<BiConsumer<InstanceKey, Listener.ListKind>> announced =
      new CopyOnWriteArrayList<>();
  private final List<BiConsumer<InstanceKey, RawJson>> logged = new CopyOnWriteArrayList<>();

  private final List<Unknown> unknown = new CopyOnWriteArrayList<>();

  private volatile Function<InstanceKey, Optional<Caller>> bystanders = _ -> Optional.empty();

  public TargetNews(KnownServers servers) {
    this.servers = servers;
  }

  /// `listener` hears of each list that has to be asked for anew: it has changed, or its instance
  /// is a new one. It must not block.
  public void onListChanged(BiConsumer<InstanceKey, Listener.ListKind> listener) {
    listeners.add(listener);
  }

  /// `listener` hears of each list that a target says has changed, after those that keep lists. It
  /// must not block.
  public void onAnnounced(BiConsumer<InstanceKey, Listener.ListKind> listener) {
    announced.add(listener);
  }

  @Override
  public void opened(InstanceKey key, ServerFacts facts) {
    servers.learned(key.withoutSession(), facts);
    for (Listener.ListKind kind : Listener.ListKind.values()) {
      listeners.forEach(listener -> listener.accept(key, kind));
    }
  }

  @Override
  public void listChanged(InstanceKey key, Listener.ListKind kind) {
    listeners.forEach(listener -> listener.accept(key, kind));
    announced.forEach(listener -> listener.accept(key, kind));
  }

  /// `listener` hears when a user is through with a page of a target. It must not block.
  public void onElicitationCompleted(Completed listener) {
    completed.add(listener);
  }

  /// Hears of a page that a user is through with.
  @FunctionalInterface
  public interface Completed {
    void accept(InstanceKey key, String elicitationId, RawJson params);
  }

  @Override
  public void elicitationCompleted(InstanceKey key, String elicitationId, RawJson params) {
    completed.forEach(listener -> listener.accept(key, elicitationId, params));
  }

  /// `listener` hears what targets log outside of any call. It must not block.
  public void onLogged(BiConsumer<InstanceKey, RawJson> listener) {
    logged.add(listener);
  }

  @Override
  public void logged(InstanceKey key, RawJson params) {
    logged.forEach(listener -> listener.accept(key, params));
  }

  /// `listener` hears of notifications that MCP does not have. It must not block.
  public void onUnknown(Unknown listener) {
    unknown.add(listener);
  }

  /// Hears of a notification that MCP does not have.
  @FunctionalInterface
  public interface Unknown {
    void accept(InstanceKey key, String method, RawJson params);
  }

  @Override
  public void unknown(InstanceKey key, String method, RawJson params) {
    unknown.forEach(listener -> listener.accept(key, method, params));
  }

  /// `whom` says who answers what a target of one user asks outside of any call. It must not block.
  public void askOutsideOfCalls(Function<InstanceKey, Optional<Caller>> whom) {
    bystanders = whom;
  }

  @Override
  public Optional<Caller> bystander(InstanceKey key) {
    return bystanders.apply(key);
  }

  @Override
  public void resourceUpdated(InstanceKey key, String uri, RawJson params) {}
}
