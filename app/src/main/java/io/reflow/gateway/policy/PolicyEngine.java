package io.reflow.gateway.policy;

import io.reflow.gateway.database.Snapshot;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.policy.Decision.Allowed;
import io.reflow.gateway.policy.Decision.Denied;
import io.reflow.gateway.policy.Explanation.Outcome;
import io.reflow.gateway.policy.Explanation.Step;
import io.reflow.gateway.target.TargetId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Decides who may reach what. Default deny: without a matching allow rule, with rules that are too
/// old, and when anything fails, the answer is no.
///
/// Deciding does no I/O and holds no lock.
public final class PolicyEngine {

  private static final Logger LOG = LoggerFactory.getLogger(PolicyEngine.class);

  private static final Denied NO_MATCH = new Denied("", "no policy matches");
  private static final Denied NOTHING_OPEN = new Denied("", "no policy opens the target");
  private static final Denied STALE =
      new Denied("", "the rules are too old: they could not be confirmed for too long");
  private static final Denied TOO_LONG = new Denied("", "the name is too long to be decided on");
  private static final Denied FAILED = new Denied("", "the policies could not be evaluated");

  /// Matching takes time in proportion to the length, so nothing allows a longer name or URI.
  static final int LONGEST_NAME = 4096;

  private final Snapshot<Ruleset> snapshot;
  private final BooleanSupplier fresh;
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
  private final ReentrantLock reloading = new ReentrantLock();

  /// Denies everything until the first [#reload()].
  ///
  /// @param fresh whether the rules were confirmed not longer ago than `policy.max-staleness`
  public PolicyEngine(Supplier<List<Policy>> loader, BooleanSupplier fresh) {
    this.snapshot = new Snapshot<>(Ruleset.NOT_LOADED, () -> new Ruleset(loader.get()));
    this.fresh = fresh;
  }

  /// Loads the policies anew, then tells the listeners if they differ. What was committed before
  /// the call counts when it returns.
  public void reload() {
    // Held until the listeners were told: whoever finds a change loaded by another thread must not
    // go on before that one's listeners are through.
    reloading.lock();
    try {
      Ruleset before = snapshot.current();
      snapshot.reload();
      if (!snapshot.current().policies().equals(before.policies())) {
        listeners.forEach(Runnable::run);
      }
    } finally {
      reloading.unlock();
    }
  }

  /// `listener` runs after each change of the policies, on whatever replica it was made. It must
  /// not block.
  public void onChange(Runnable listener) {
    listeners.add(listener);
  }

  /// Whether there are rules to decide by: they were loaded, and are not too old.
  public boolean ready() {
    return snapshot.current() != Ruleset.NOT_LOADED && fresh.getAsBoolean();
  }

  /// Whether the rules make no difference between callers: what one of them is told, all may know.
  public boolean sameForAll() {
    return snapshot.current().sameForAll();
  }

  /// Whether `caller` may reach `feature`.
  public Decision decide(Identity caller, Feature feature) {
    try {
      if (!fresh.getAsBoolean()) {
        return STALE;
      }
      if (feature.name().length() > LONGEST_NAME) {
        return TOO_LONG;
      }
      return verdict(snapshot.current().first(caller, feature), caller, feature.target());
    } catch (RuntimeException e) {
      return failed(e);
    }
  }

  /// Whether `caller` is to know of `target`: some rule could allow something in it.
  public Decision visible(Identity caller, TargetId target) {
    try {
      if (!fresh.getAsBoolean()) {
        return STALE;
      }
      Optional<Rule> opener = snapshot.current().chain(caller, target).opener();
      return opener.isEmpty() ? NOTHING_OPEN : verdict(opener, caller, target);
    } catch (RuntimeException e) {
      return failed(e);
    }
  }

  /// A number that changes with the policies that decide for `caller` on a kind of features of
  /// `target`.
  public int stamp(Identity caller, TargetId target, Feature.Kind kind) {
    return snapshot.current().chain(caller, target).stamp(kind);
  }

  /// The same decision as [#decide], with its reasons. Slower.
  public Explanation explain(Identity caller, Feature feature) {
    Decision decision = decide(caller, feature);
    List<Step> steps = new ArrayList<>();
    if (decision.equals(TOO_LONG)) {
      return new Explanation(decision, steps);
    }
    for (Policy policy : snapshot.current().policies()) {
      Outcome outcome = outcome(policy, caller, feature);
      steps.add(new Step(policy, outcome));
      if (outcome == Outcome.DECIDED) {
        break;
      }
    }
    return new Explanation(decision, steps);
  }

  private static Decision verdict(Optional<Rule> first, Identity caller, TargetId target) {
    if (first.isEmpty()) {
      return NO_MATCH;
    }
    String policy = first.get().policy().name();
    return first.get().allows()
        ? new Allowed(new Permit(caller, target, policy))
        : new Denied(policy, "denied by policy '" + policy + "'");
  }

  private static Decision failed(RuntimeException e) {
    LOG.atError().setCause(e).log("A policy decision failed, so the answer is no");
    return FAILED;
  }

  private static Outcome outcome(Policy policy, Identity caller, Feature feature) {
    Rule rule = Rule.of(policy);
    if (!policy.enabled()) {
      return Outcome.DISABLED;
    } else if (!rule.concerns(feature.target())) {
      return Outcome.OTHER_TARGET;
    } else if (!rule.concerns(feature.kind())) {
      return Outcome.OTHER_KIND;
    } else if (!rule.concerns(caller)) {
      return Outcome.OTHER_SUBJECT;
    } else if (rule.names().matches(feature.name())) {
      return Outcome.DECIDED;
    } else {
      return rule.broken() ? Outcome.BROKEN : Outcome.OTHER_NAME;
    }
  }
}
