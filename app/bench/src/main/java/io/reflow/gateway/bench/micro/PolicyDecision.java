package io.reflow.gateway.bench.micro;

import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.policy.Decision;
import io.reflow.gateway.policy.Effect;
import io.reflow.gateway.policy.Feature;
import io.reflow.gateway.policy.Policy;
import io.reflow.gateway.policy.PolicyEngine;
import io.reflow.gateway.policy.Subject;
import io.reflow.gateway.target.TargetId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// A decision among a hundred rules: texts, beginnings and regular expressions, for roles, groups
/// and users, of which the last one is the one that matches.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class PolicyDecision {

  private static final int RULES = 100;

  /// More than the engine remembers answers for.
  private static final int NAMES = 65_536;

  private final TargetId target = new TargetId(UUID.randomUUID());
  private final Identity caller =
      new Identity(
          new UserId(UUID.randomUUID()), "dev@example.com", "developer", Set.of("ops", "team"));
  private final PolicyEngine engine = new PolicyEngine(this::policies, () -> true);
  private final Feature known = feature("issues_list");
  private final Feature[] features =
      IntStream.range(0, NAMES).mapToObj(i -> feature("issues_" + i)).toArray(Feature[]::new);
  private int next;

  public PolicyDecision() {
    engine.reload();
    requireAllowed(engine.decide(caller, known));
  }

  private static void requireAllowed(Decision decision) {
    if (!(decision instanceof Decision.Allowed)) {
      throw new IllegalStateException("not the decision that was to be measured: " + decision);
    }
  }

  private List<Policy> policies() {
    return IntStream.range(0, RULES).mapToObj(this::policy).toList();
  }

  private Policy policy(int number) {
    boolean last = number == RULES - 1;
    String pattern =
        switch (number % 3) {
          case 0 -> "repos_" + number;
          case 1 -> "pulls_" + number + "_.*";
          default -> "(create|delete)_[a-z]+_" + number;
        };
    Subject subject =
        switch (number % 4) {
          case 0 -> new Subject.Everyone();
          case 1 -> new Subject.Role("developer");
          case 2 -> new Subject.Group("ops");
          default -> new Subject.User(caller.user());
        };
    return new Policy(
        UUID.randomUUID(),
        "rule " + number,
        "",
        number % 2 == 0 ? Optional.of(target) : Optional.empty(),
        Optional.of(Feature.Kind.TOOL),
        Optional.of(last ? "issues_.*" : pattern),
        last || number % 5 > 0 ? Effect.ALLOW : Effect.DENY,
        RULES - number,
        true,
        List.of(new Policy.Member(UUID.randomUUID(), subject)),
        Instant.EPOCH,
        Instant.EPOCH);
  }

  private Feature feature(String name) {
    return new Feature(target, Feature.Kind.TOOL, name);
  }

  /// What calls of the same few tools pay.
  @Benchmark
  public Decision ofAKnownName() {
    return engine.decide(caller, known);
  }

  /// What the first call of a tool pays, and who makes up names.
  @Benchmark
  public Decision ofANewName() {
    next = (next + 1) % NAMES;
    return engine.decide(caller, features[next]);
  }

  /// Whether a target is to be seen at all.
  @Benchmark
  public Decision ofATarget() {
    return engine.visible(caller, target);
  }
}
