package io.reflow.gateway.mcp;

import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.policy.Decision.Allowed;
import io.reflow.gateway.policy.Feature;
import io.reflow.gateway.policy.PolicyEngine;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.News;
import io.reflow.gateway.session.Session;
import io.reflow.gateway.session.Sessions;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.Targets;
import io.reflow.gateway.upstream.Listener.ListKind;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/// Tells sessions and subscriptions what targets announce, and which of their lists have changed
/// because targets or policies were changed. Each hears only of what makes a difference for its
/// user.
public final class ListChanges {

  private final Sessions sessions;
  private final Targets targets;
  private final PolicyEngine policies;
  private final Set<Subscription> subscriptions = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean pending = new AtomicBoolean();

  public ListChanges(Sessions sessions, Targets targets, PolicyEngine policies) {
    this.sessions = sessions;
    this.targets = targets;
    this.policies = policies;
  }

  /// A target has said that a list has changed. Does not block.
  public void announced(InstanceKey key, ListKind kind) {
    targets
        .find(key.target())
        .filter(Target::enabled)
        .ifPresent(target -> {
          sessions.all().stream()
              .filter(session -> concerns(session, key, target))
              .forEach(session -> session.conversation().news().listChanged(kind));
          subscriptions.stream()
              .filter(each -> concerns(each.session(), key, target))
              .forEach(each -> each.listChanged(kind));
        });
  }

  /// What was added is told of changes until this is closed.
  interface Added extends AutoCloseable {

    @Override
    void close();
  }

  /// Tells a subscription as well, from now on.
  Added add(Subscription subscription) {
    subscriptions.add(subscription);
    subscription.view(view(subscription.session()));
    return () -> subscriptions.remove(subscription);
  }

  private boolean concerns(Session session, InstanceKey key, Target target) {
    boolean onPath = session.target().map(target.name()::equals).orElse(true);
    boolean itsOwn = key.session().map(session.digest()::equals).orElse(true);
    return onPath
        && itsOwn
        && key.sharedWith(target, session.owner())
        && sees(session.owner(), target);
  }

  private boolean sees(Identity caller, Target target) {
    return policies.visible(caller, target.id()) instanceof Allowed;
  }

  /// A user is through with a page that a target had sent them to: the session where that was asked
  /// hears of it. Does not block.
  public void elicitationCompleted(InstanceKey key, String elicitationId, RawJson params) {
    RawJson message =
        RawJson.of(
            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/elicitation/complete\",\"params\":%s}"
                .formatted(params));
    targets
        .find(key.target())
        .ifPresent(target ->
            sessions.all().stream()
                .filter(session -> concerns(session, key, target))
                .map(Session::conversation)
                .filter(said -> said.questions().forgetPage(elicitationId))
                .forEach(said -> {
                  boolean _ = said.streams().general().send(message);
                }));
  }

  /// Remembers what a session sees, to tell later what has changed for it; without effect when that
  /// is remembered already.
  void begin(Session session) {
    News news = session.conversation().news();
    if (!news.viewed()) {
      var _ = news.view(view(session));
    }
  }

  /// Targets or policies have changed. Does not block: what several changes make of it is looked at
  /// once, by a thread of its own.
  public void rulesChanged() {
    if (pending.compareAndSet(false, true)) {
      Thread.ofVirtual()
          .name("list-changes")
          .start(() -> {
            pending.set(false);
            sessions.all().forEach(this::compare);
            subscriptions.forEach(each -> each.view(view(each.session())));
          });
    }
  }

  private void compare(Session session) {
    Map<ListKind, Integer> now = view(session);
    session
        .conversation()
        .news()
        .view(now)
        .ifPresent(before -> {
          now.forEach((kind, stamp) -> {
            if (!stamp.equals(before.get(kind))) {
              session.conversation().news().listChanged(kind);
            }
          });
          if (!now.equals(before)) {
            session.conversation().feeds().refresh();
          }
        });
  }

  /// For each list a number that changes with whatever decides what is in it.
  private Map<ListKind, Integer> view(Session session) {
    List<Target> visible =
        targets.enabled().stream()
            .filter(target -> session.target().map(target.name()::equals).orElse(true))
            .filter(target -> sees(session.owner(), target))
            .toList();
    Map<ListKind, Integer> view = new EnumMap<>(ListKind.class);
    for (ListKind kind : ListKind.values()) {
      int stamp = visible.hashCode();
      for (Target target : visible) {
        stamp = 31 * stamp + policies.stamp(session.owner(), target.id(), feature(kind));
      }
      view.put(kind, stamp);
    }
    return view;
  }

  private static Feature.Kind feature(ListKind kind) {
    return switch (kind) {
      case TOOLS -> Feature.Kind.TOOL;
      case PROMPTS -> Feature.Kind.PROMPT;
      case RESOURCES -> Feature.Kind.RESOURCE;
    };
  }
}
