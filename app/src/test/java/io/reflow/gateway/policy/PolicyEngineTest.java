package io.reflow.gateway.policy;

import static io.reflow.gateway.testing.Policies.allow;
import static io.reflow.gateway.testing.Policies.deny;
import static io.reflow.gateway.testing.Policies.disabled;
import static io.reflow.gateway.testing.Policies.engine;
import static io.reflow.gateway.testing.Policies.only;
import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.policy.Decision.Allowed;
import io.reflow.gateway.policy.Decision.Denied;
import io.reflow.gateway.policy.Explanation.Outcome;
import io.reflow.gateway.policy.Explanation.Step;
import io.reflow.gateway.policy.Feature.Kind;
import io.reflow.gateway.target.TargetId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PolicyEngineTest {

  private static final TargetId GITHUB = new TargetId(UUID.randomUUID());
  private static final TargetId OTHER = new TargetId(UUID.randomUUID());
  private static final Identity CALLER =
      new Identity(new UserId(UUID.randomUUID()), "dev@example.com", "user", Set.of("ops", "team"));
  private static final Feature LIST_REPOS = new Feature(GITHUB, Kind.TOOL, "list_repos");

  @Test
  void deniesWithoutPolicies() {
    assertThat(engine().decide(CALLER, LIST_REPOS)).isEqualTo(new Denied("", "no policy matches"));
    assertThat(engine().visible(CALLER, GITHUB)).isInstanceOf(Denied.class);
  }

  @Test
  void deniesEverythingBeforeTheFirstLoad() {
    var engine = new PolicyEngine(() -> List.of(allow("open", 1)), () -> true);

    assertThat(engine.decide(CALLER, LIST_REPOS)).isInstanceOf(Denied.class);
  }

  @Test
  void permitNamesCallerTargetAndPolicy() {
    assertThat(engine(allow("open", 1)).decide(CALLER, LIST_REPOS))
        .isInstanceOfSatisfying(
            Allowed.class,
            allowed -> {
              assertThat(allowed.permit().caller()).isEqualTo(CALLER);
              assertThat(allowed.permit().target()).isEqualTo(GITHUB);
              assertThat(allowed.permit().policy()).isEqualTo("open");
            });
  }

  @Test
  void nothingAllowsAnEndlessName() {
    var engine = engine(allow("open", 1));
    String longest = "n".repeat(PolicyEngine.LONGEST_NAME);

    assertThat(engine.decide(CALLER, new Feature(GITHUB, Kind.TOOL, longest)))
        .isInstanceOf(Allowed.class);
    var tooLong = new Feature(GITHUB, Kind.TOOL, longest + "n");
    assertThat(engine.decide(CALLER, tooLong)).isInstanceOf(Denied.class);
    assertThat(engine.explain(CALLER, tooLong).decision()).isInstanceOf(Denied.class);
  }

  @Test
  void highestPriorityDecides() {
    assertThat(allowed(engine(allow("open", 1), deny("closed", 100)))).isFalse();
    assertThat(allowed(engine(allow("open", 100), deny("closed", 1)))).isTrue();
  }

  @Test
  void denyGoesFirstAtEqualPriority() {
    assertThat(engine(allow("a", 5), deny("z", 5)).decide(CALLER, LIST_REPOS))
        .isEqualTo(new Denied("z", "denied by policy 'z'"));
  }

  @Test
  void disabledPoliciesDoNotCount() {
    assertThat(allowed(engine(disabled(deny("off", 100)), allow("open", 1)))).isTrue();
    assertThat(allowed(engine(disabled(allow("off", 100))))).isFalse();
  }

  @Test
  void policyForAnotherTargetOrKindDoesNotMatch() {
    assertThat(allowed(engine(only(allow("other", 1), OTHER)))).isFalse();
    assertThat(allowed(engine(only(allow("prompts", 1), Kind.PROMPT, ".*")))).isFalse();
  }

  @Test
  void policyMatchesBySubject() {
    assertThat(allowed(engine(only(allow("role", 1), new Subject.Role("user"))))).isTrue();
    assertThat(allowed(engine(only(allow("role", 1), new Subject.Role("admin"))))).isFalse();
    assertThat(allowed(engine(only(allow("group", 1), new Subject.Group("team"))))).isTrue();
    assertThat(allowed(engine(only(allow("group", 1), new Subject.Group("user"))))).isFalse();
    assertThat(allowed(engine(only(allow("user", 1), new Subject.User(CALLER.user()))))).isTrue();
    assertThat(
            allowed(
                engine(only(allow("user", 1), new Subject.User(new UserId(UUID.randomUUID()))))))
        .isFalse();
    assertThat(allowed(engine(only(allow("nobody", 1), new Subject[0])))).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "list_repos, true",
    "list, false",
    "repos, false",
    "list.*, true",
    "list_.*, true",
    ".*, true",
    "l.st_repos, true",
    "list_repo, false",
    "'', false",
    "list_repos|x, true",
    "LIST_REPOS, false",
    "(?i)LIST_REPOS, true",
    "list\\_repos, true",
    "list\\Q_repos\\E, true",
    "list_repos.*, true",
    "list_repos.+, false",
    "^list_repos$, true",
  })
  void patternMatchesTheWholeName(String pattern, boolean matches) {
    assertThat(allowed(engine(only(allow("pattern", 1), Kind.TOOL, pattern)))).isEqualTo(matches);
  }

  @Test
  void lineBreakDoesNotSlipPastADenial() {
    var engine = engine(only(deny("no deletes", 9), Kind.TOOL, "dele.e.*"), allow("open", 1));

    assertThat(engine.decide(CALLER, new Feature(GITHUB, Kind.TOOL, "delete\nall")))
        .isInstanceOf(Denied.class);
  }

  @Test
  void brokenDenialDeniesItsWholeScope() {
    var engine =
        engine(only(only(deny("broken", 9), Kind.TOOL, "delete("), GITHUB), allow("open", 1));

    assertThat(engine.decide(CALLER, LIST_REPOS)).isInstanceOf(Denied.class);
    assertThat(allowed(engine, new Feature(GITHUB, Kind.PROMPT, "x"))).isTrue();
    assertThat(allowed(engine, new Feature(OTHER, Kind.TOOL, "x"))).isTrue();
  }

  @Test
  void brokenAllowanceAllowsNothing() {
    var engine = engine(only(allow("broken", 9), Kind.TOOL, "list("));

    assertThat(allowed(engine)).isFalse();
    assertThat(engine.visible(CALLER, GITHUB)).isInstanceOf(Denied.class);
  }

  @Test
  void rulesThatAreTooOldDenyAll() {
    var fresh = new AtomicBoolean(true);
    var engine = new PolicyEngine(() -> List.of(allow("open", 1)), fresh::get);
    engine.reload();
    assertThat(allowed(engine)).isTrue();

    fresh.set(false);

    assertThat(engine.decide(CALLER, LIST_REPOS))
        .isInstanceOfSatisfying(
            Denied.class, denied -> assertThat(denied.reason()).contains("too old"));
    assertThat(engine.visible(CALLER, GITHUB)).isInstanceOf(Denied.class);
  }

  @Test
  void failureWhileDecidingDenies() {
    var engine =
        new PolicyEngine(
            () -> List.of(allow("open", 1)),
            () -> {
              throw new IllegalStateException("planted");
            });
    engine.reload();

    assertThat(engine.decide(CALLER, LIST_REPOS)).isInstanceOf(Denied.class);
    assertThat(engine.visible(CALLER, GITHUB)).isInstanceOf(Denied.class);
  }

  @Test
  void grantOfOneToolOpensItsTargetOnly() {
    var engine = engine(only(only(allow("one", 1), Kind.TOOL, "list_repos"), GITHUB));

    assertThat(engine.visible(CALLER, GITHUB)).isInstanceOf(Allowed.class);
    assertThat(engine.visible(CALLER, OTHER)).isInstanceOf(Denied.class);
  }

  @Test
  void denialOfSomeNamesDoesNotHideTheTarget() {
    var engine = engine(only(deny("no deletes", 9), Kind.TOOL, "delete.*"), allow("open", 1));

    assertThat(engine.visible(CALLER, GITHUB)).isInstanceOf(Allowed.class);
  }

  @Test
  void shadowedAllowanceDoesNotOpenTheTarget() {
    assertThat(visible(deny("all", 9), allow("open", 1))).isFalse();
    assertThat(visible(only(deny("tool", 9), Kind.TOOL, "x"), only(allow("x", 1), Kind.TOOL, "x")))
        .isFalse();
    assertThat(
            visible(
                only(deny("tools", 9), Kind.TOOL, "get_.*"),
                only(allow("x", 1), Kind.TOOL, "get_x")))
        .isFalse();
    assertThat(
            visible(
                only(deny("tools", 9), Kind.TOOL, "g[e]t_.*"),
                only(allow("x", 1), Kind.TOOL, "get_x")))
        .isFalse();
    assertThat(
            visible(
                only(deny("tools", 9), Kind.TOOL, "get.*"),
                only(allow("x", 1), Kind.TOOL, "get_.*")))
        .isFalse();
    assertThat(
            visible(
                only(deny("tools", 9), Kind.TOOL, "(a|b)+"),
                only(allow("x", 1), Kind.TOOL, "(a|b)+")))
        .isFalse();
    assertThat(
            visible(only(deny("tools", 9), Kind.TOOL, ".*"), only(allow("x", 1), Kind.PROMPT, "x")))
        .isTrue();
    assertThat(
            visible(
                only(deny("tools", 9), Kind.TOOL, "get_x"),
                only(allow("x", 1), Kind.TOOL, "get_.*")))
        .isTrue();
    assertThat(
            visible(
                only(deny("tools", 9), Kind.TOOL, "\\w+"), only(allow("open", 1), Kind.TOOL, ".*")))
        .isTrue();
  }

  @Test
  void changedRoleIsDecidedAnew() {
    var engine = engine(only(allow("admins", 1), new Subject.Role("admin")));
    assertThat(allowed(engine)).isFalse();

    var promoted = new Identity(CALLER.user(), CALLER.email(), "admin", CALLER.groups());

    assertThat(engine.decide(promoted, LIST_REPOS)).isInstanceOf(Allowed.class);
  }

  @Test
  void explanationSaysWhyEachPolicyDidNotDecide() {
    var engine =
        engine(
            disabled(deny("off", 90)),
            only(deny("elsewhere", 80), OTHER),
            only(deny("prompts", 70), Kind.PROMPT, ".*"),
            only(deny("admins", 60), new Subject.Role("admin")),
            only(deny("deletes", 50), Kind.TOOL, "delete.*"),
            only(allow("broken", 40), Kind.TOOL, "("),
            allow("open", 30),
            deny("never asked", 20));

    Explanation explanation = engine.explain(CALLER, LIST_REPOS);

    assertThat(explanation.decision()).isInstanceOf(Allowed.class);
    assertThat(explanation.steps())
        .extracting(Step::outcome)
        .containsExactly(
            Outcome.DISABLED,
            Outcome.OTHER_TARGET,
            Outcome.OTHER_KIND,
            Outcome.OTHER_SUBJECT,
            Outcome.OTHER_NAME,
            Outcome.BROKEN,
            Outcome.DECIDED);
  }

  @Test
  void isReadyOnceLoadedAndWhileFresh() {
    var fresh = new AtomicBoolean(true);
    var engine = new PolicyEngine(List::of, fresh::get);
    assertThat(engine.ready()).isFalse();

    engine.reload();
    assertThat(engine.ready()).isTrue();

    fresh.set(false);
    assertThat(engine.ready()).isFalse();
  }

  @Test
  void listenersHearOfChangesOnly() {
    var policies = new AtomicReference<>(List.of(allow("open", 1)));
    var heard = new AtomicInteger();
    var engine = new PolicyEngine(policies::get, () -> true);
    engine.reload();
    engine.onChange(heard::incrementAndGet);

    engine.reload();
    assertThat(heard).hasValue(0);

    policies.set(List.of());
    engine.reload();
    assertThat(heard).hasValue(1);
  }

  @Test
  void rulesAreFreshUntilTheyWereNotConfirmedForTooLong() {
    var confirmed = new AtomicReference<>(Instant.MIN);
    Instant now = Instant.parse("2026-01-01T00:00:00Z");
    var fresh = new Freshness(confirmed::get, () -> now, Duration.ofMinutes(5));
    assertThat(fresh.getAsBoolean()).isFalse();

    confirmed.set(now.minus(Duration.ofMinutes(5)));
    assertThat(fresh.getAsBoolean()).isTrue();

    confirmed.set(now.minus(Duration.ofMinutes(5)).minusMillis(1));
    assertThat(fresh.getAsBoolean()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "((a{1000}){1000}){1000}",
        "(?:(?:x{100}){100}){100}",
        "([a-z]{999}){999}",
        "([]{]{999}){999}",
        "(\\p{Greek}{999}){999}",
        "(\\Q(\\E{999}){999}",
        "(a{0,999}){0,999}"
      })
  void patternThatBecomesHugeAllowsNothing(String pattern) {
    var engine = engine(only(allow("huge", 1), Kind.TOOL, pattern));

    assertThat(engine.visible(CALLER, GITHUB)).isInstanceOf(Denied.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"[a-z]{1,64}_[a-z]{1,64}", "([a-z]{1,20}_){0,9}repos", "list_repos{1}"})
  void ordinaryRepetitionsAreFine(String pattern) {
    assertThat(allowed(engine(only(allow("fine", 1), Kind.TOOL, pattern)))).isTrue();
  }

  private static boolean allowed(PolicyEngine engine) {
    return allowed(engine, LIST_REPOS);
  }

  private static boolean allowed(PolicyEngine engine, Feature feature) {
    return engine.decide(CALLER, feature) instanceof Allowed;
  }

  private static boolean visible(Policy... policies) {
    return engine(policies).visible(CALLER, GITHUB) instanceof Allowed;
  }
}
