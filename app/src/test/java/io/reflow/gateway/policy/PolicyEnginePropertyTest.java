package io.reflow.gateway.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.policy.Decision.Allowed;
import io.reflow.gateway.policy.Feature.Kind;
import io.reflow.gateway.policy.Policy.Member;
import io.reflow.gateway.target.TargetId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// The engine against the plainest way to say the same, with random policies.
class PolicyEnginePropertyTest {

  private static final List<String> NAMES =
      List.of("a", "ab", "abc", "b", "ba", "a_b", "file:///a/b", "", "A", "a\nb", "x".repeat(300));
  private static final List<String> PATTERNS =
      List.of(
          "a",
          "ab",
          "a.*",
          ".*",
          "b",
          "[ab]+",
          "a|b",
          "(",
          "a\\_b",
          "file:///a/.*",
          ".",
          "a.?b",
          "x+",
          "\\w+",
          "file:.*",
          "[^a].*",
          "ab.*");
  private static final List<TargetId> TARGETS =
      IntStream.range(0, 3).mapToObj(_ -> new TargetId(UUID.randomUUID())).toList();
  private static final List<Identity> CALLERS =
      IntStream.range(0, 6)
          .mapToObj(i ->
              new Identity(
                  new UserId(UUID.randomUUID()),
                  "u%d@example.com".formatted(i),
                  i % 2 == 0 ? "user" : "admin",
                  i < 3 ? Set.of("g1") : Set.of("g2", "g3")))
          .toList();

  private final Random random = new Random(20_261_123);

  @Test
  void decidesAsTheReferenceDoes() {
    for (int round = 0; round < 120; round++) {
      List<Policy> policies =
          IntStream.range(0, random.nextInt(12)).mapToObj(this::policy).toList();
      PolicyEngine engine = new PolicyEngine(() -> policies, () -> true);
      engine.reload();
      for (Identity caller : CALLERS) {
        for (TargetId target : TARGETS) {
          compare(engine, policies, caller, target);
        }
      }
    }
  }

  private static void compare(
      PolicyEngine engine, List<Policy> policies, Identity caller, TargetId target) {
    boolean any = false;
    for (Kind kind : Kind.values()) {
      for (String name : NAMES) {
        var feature = new Feature(target, kind, name);
        boolean expected = reference(policies, caller, feature);
        any |= expected && !name.isEmpty();
        for (int i = 0; i < 2; i++) {
          assertThat(engine.decide(caller, feature) instanceof Allowed)
              .as("%s %s of %s", caller, feature, policies)
              .isEqualTo(expected);
        }
        assertThat(engine.explain(caller, feature).decision() instanceof Allowed)
            .isEqualTo(expected);
      }
    }
    if (any) {
      assertThat(engine.visible(caller, target)).as("%s", policies).isInstanceOf(Allowed.class);
    }
  }

  private static boolean reference(List<Policy> policies, Identity caller, Feature feature) {
    Optional<Policy> best = Optional.empty();
    for (Policy policy : policies) {
      if (matches(policy, caller, feature)
          && best.map(other -> above(policy, other)).orElse(true)) {
        best = Optional.of(policy);
      }
    }
    return best.map(policy -> policy.effect() == Effect.ALLOW).orElse(false);
  }

  private static boolean above(Policy policy, Policy other) {
    return policy.priority() != other.priority()
        ? policy.priority() > other.priority()
        : policy.effect() == Effect.DENY;
  }

  private static boolean matches(Policy policy, Identity caller, Feature feature) {
    boolean named;
    try {
      named =
          policy.pattern().isEmpty()
              || Pattern.compile(policy.pattern().get(), Pattern.DOTALL)
                  .matcher(feature.name())
                  .matches();
    } catch (PatternSyntaxException _) {
      named = policy.effect() == Effect.DENY;
    }
    return policy.enabled()
        && named
        && policy.target().map(feature.target()::equals).orElse(true)
        && policy.kind().map(feature.kind()::equals).orElse(true)
        && policy.members().stream().anyMatch(member -> member.subject().includes(caller));
  }

  private Policy policy(int number) {
    List<Member> members = new ArrayList<>();
    for (int i = random.nextInt(3); i >= 0; i--) {
      members.add(new Member(UUID.randomUUID(), subject()));
    }
    return new Policy(
        UUID.randomUUID(),
        "p" + number,
        "",
        random.nextBoolean() ? Optional.empty() : Optional.of(one(TARGETS)),
        random.nextBoolean() ? Optional.empty() : Optional.of(one(List.of(Kind.values()))),
        random.nextInt(3) == 0 ? Optional.empty() : Optional.of(one(PATTERNS)),
        random.nextBoolean() ? Effect.ALLOW : Effect.DENY,
        random.nextInt(4),
        random.nextInt(8) > 0,
        members,
        Instant.EPOCH,
        Instant.EPOCH);
  }

  private Subject subject() {
    return switch (random.nextInt(4)) {
      case 0 -> new Subject.Everyone();
      case 1 -> new Subject.Role(random.nextBoolean() ? "user" : "admin");
      case 2 -> new Subject.Group("g" + random.nextInt(4));
      default -> new Subject.User(one(CALLERS).user());
    };
  }

  private <T> T one(List<T> choice) {
    return choice.get(random.nextInt(choice.size()));
  }
}
