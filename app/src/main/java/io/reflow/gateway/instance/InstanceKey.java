package io.reflow.gateway.instance;

import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.target.Isolation;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.target.Transport;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import org.jspecify.annotations.Nullable;

/// Names one running instance: two callers with equal keys share it, all others never do.
///
/// @param session the one session of a client that a stateful target's instance serves, by the name
///   that logs have for it
/// @param capabilities what the target is told that its clients can do: targets of the `initialize`
///   era are told once, so that callers whose clients differ in this can't share one
/// @param matched where a target is spoken with as its clients speak: whether that is the stateless
///   era; empty for all others
public record InstanceKey(
    TargetId target,
    Sharing sharing,
    Optional<String> session,
    ClientCapabilities capabilities,
    Optional<Boolean> matched) {

  /// An instance that does not depend on how its clients speak.
  public InstanceKey(
      TargetId target, Sharing sharing, Optional<String> session, ClientCapabilities capabilities) {
    this(target, sharing, session, capabilities, Optional.empty());
  }

  /// Each call looks for things by this name several times: what tells nearly all of them apart is
  /// enough here.
  @Override
  public int hashCode() {
    return (31 * target.hashCode() + sharing.hashCode()) * 31 + session.hashCode();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return this == other
        || (other instanceof InstanceKey that
            && target.equals(that.target)
            && sharing.equals(that.sharing)
            && session.equals(that.session)
            && capabilities.equals(that.capabilities)
            && matched.equals(that.matched));
  }

  /// The instance for clients of one era.
  public InstanceKey matching(boolean stateless) {
    return new InstanceKey(target, sharing, session, capabilities, Optional.of(stateless));
  }

  /// An instance for all sessions.
  public InstanceKey(TargetId target, Sharing sharing) {
    this(target, sharing, Optional.empty(), ClientCapabilities.NONE);
  }

  /// Who shares the instance.
  public sealed interface Sharing {

    record Everyone() implements Sharing {}

    record Role(String name) implements Sharing {}

    /// The caller's whole set of groups; empty for a caller without groups.
    record Groups(SortedSet<String> names) implements Sharing {}

    record User(UserId id) implements Sharing {}

    /// As shown to admins: `shared`, `role:x`, `groups:a,b`, `user:<id>`.
    default String wireName() {
      return switch (this) {
        case Everyone() -> "shared";
        case Role(var name) -> "role:" + name;
        case Groups(var names) -> "groups:" + String.join(",", names);
        case User(var id) -> "user:" + id;
      };
    }
  }

  /// What the instances of all sessions of the same callers have in common.
  public InstanceKey withoutSession() {
    return new InstanceKey(target, sharing);
  }

  /// As shown to admins: who shares it, and the session that it is for.
  public String wireName() {
    return sharing.wireName() + session.map(name -> " session:" + name).orElse("");
  }

  /// The instance of `target` that serves `caller` in no session of theirs.
  public static InstanceKey of(Target target, Identity caller) {
    return new InstanceKey(target.id(), sharing(target, caller));
  }

  /// The instance of `target` that serves `caller` in a session.
  ///
  /// What the client can do makes a difference only where a question of the target finds its way to
  /// the one who is meant: several users can't be told apart over one pipe or one event stream.
  ///
  /// Nor is a target told that it will hear of changed roots when it does not know whose they are.
  ///
  /// @param client what the caller's client can do; nothing for a target that is not told once and
  ///   for all, but with each call
  public static InstanceKey of(
      Target target, Identity caller, String session, ClientCapabilities client) {
    Optional<String> own = target.settings().stateful() ? Optional.of(session) : Optional.empty();
    Sharing sharing = sharing(target, caller);
    var key = new InstanceKey(target.id(), sharing, own, client);
    if (key.exclusive()) {
      return key;
    }
    ClientCapabilities told =
        switch (target.transport()) {
          case Transport.StreamableHttp _, Transport.Kubernetes _ -> client.withoutAnnouncements();
          case Transport.Stdio _, Transport.Sse _ -> ClientCapabilities.NONE;
        };
    return new InstanceKey(target.id(), sharing, own, told);
  }

  /// Whether all calls of the instance come from one user.
  public boolean exclusive() {
    return sharing instanceof Sharing.User || session.isPresent();
  }

  /// Whether it may serve `caller`: as one of those who share it by the target's isolation, or
  /// alone.
  public boolean sharedWith(Target its, Identity caller) {
    return sharing.equals(sharing(its, caller)) || sharing.equals(new Sharing.User(caller.user()));
  }

  /// All that `caller` can share instances as, whatever the isolation of their targets.
  public static List<Sharing> sharings(Identity caller) {
    return Arrays.stream(Isolation.values()).map(way -> sharing(way, caller)).toList();
  }

  private static Sharing sharing(Target target, Identity caller) {
    return sharing(target.isolation(), caller);
  }

  private static Sharing sharing(Isolation isolation, Identity caller) {
    return switch (isolation) {
      case SHARED -> new Sharing.Everyone();
      case PER_ROLE -> new Sharing.Role(caller.role());
      case PER_GROUP -> new Sharing.Groups(caller.groups());
      case PER_USER -> new Sharing.User(caller.user());
    };
  }
}
