package io.reflow.gateway.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.config.McpConfig.Naming;
import io.reflow.gateway.config.McpConfig.Prefix;
import io.reflow.gateway.target.Isolation;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.target.UpstreamAuth;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class NamesTest {

  private static final Target GITHUB = target("github", Optional.empty());
  private static final Target JIRA = target("jira", Optional.empty());
  private static final Target BARE = target("bare", Optional.of(""));
  private static final Target LABELLED = target("very-long-name", Optional.of("vl"));

  private final Names always = new Names(new Naming(Prefix.ALWAYS, "_", 64));

  @Test
  void prefixesEveryNameWithItsTarget() {
    assertThat(always.exposed(always.prefix(GITHUB, false), "list_repos", GITHUB))
        .isEqualTo("github_list_repos");
    assertThat(always.prefix(LABELLED, true)).isEqualTo("vl_");
    assertThat(always.prefix(BARE, true)).isEmpty();
  }

  @Test
  void prefixesOnlyAmongSeveralWhereConfiguredSo() {
    var auto = new Names(new Naming(Prefix.AUTO, "__", 64));

    assertThat(auto.prefix(GITHUB, false)).isEmpty();
    assertThat(auto.prefix(GITHUB, true)).isEqualTo("github__");
  }

  @Test
  void findsTheTargetOfAPrefixedName() {
    assertThat(always.candidates(List.of(GITHUB, JIRA), true, _ -> true, "jira_create_issue"))
        .containsExactly(new Names.Meant(JIRA, "jira_", "create_issue", false));
    assertThat(always.candidates(List.of(GITHUB, JIRA), true, _ -> true, "slack_post")).isEmpty();
  }

  @Test
  void doesNotLetABareNamePassForAnotherTargets() {
    assertThat(always.candidates(List.of(BARE, GITHUB), true, _ -> true, "github_list_repos"))
        .extracting(Names.Meant::target)
        .containsExactly(GITHUB);
  }

  @Test
  void keepsABareNameThatLooksLikeThatOfAHiddenTarget() {
    assertThat(
            always.candidates(
                List.of(BARE, GITHUB), true, target -> target.equals(BARE), "github_list_repos"))
        .extracting(Names.Meant::target)
        .containsExactly(GITHUB, BARE);
  }

  @Test
  void cutsLongNamesSoThatTheyStayApart() {
    String first = "a".repeat(80) + "1";
    String second = "a".repeat(80) + "2";

    String cut = always.exposed("github_", first, GITHUB);

    assertThat(cut)
        .hasSize(64)
        .startsWith("github_aaa")
        .isNotEqualTo(always.exposed("github_", second, GITHUB));
    assertThat(always.candidates(List.of(GITHUB), true, _ -> true, cut))
        .extracting(Names.Meant::cut)
        .containsExactly(false, true);
  }

  private static Target target(String name, Optional<String> prefix) {
    return new Target(
        new TargetId(UUID.randomUUID()),
        name,
        new Transport.Stdio("true", List.of()),
        Isolation.SHARED,
        new UpstreamAuth.None(),
        0,
        Optional.empty(),
        prefix,
        true,
        1);
  }
}
