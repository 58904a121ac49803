package io.reflow.operator.desired;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ImageRulesTest {

  @ParameterizedTest
  @CsvSource({
    "ghcr.io/acme, ghcr.io/acme/jira:1, true",
    "ghcr.io/acme/, ghcr.io/acme/jira@sha256:00, true",
    "ghcr.io/acme/jira, ghcr.io/acme/jira:1, true",
    "ghcr.io/acme/jira:1, ghcr.io/acme/jira:1, true",
    "ghcr.io/acme/jira:1, ghcr.io/acme/jira:12, false",
    "ghcr.io/acme, ghcr.io/acme-evil/jira, false",
    "ghcr.io/acme, ghcr.io.evil.com/acme/jira, false",
    "ghcr.io/acme, evil.com/ghcr.io/acme/jira, false",
    "ghcr.io, ghcr.io/any/thing:2, true",
    "ghcr.io, ghcr.io:444/any/thing, false",
    "ghcr.io, ghcr.io:1, false",
    "GHCR.io, ghcr.IO/any, true",
    "node, node:22, true",
    "node, docker.io/library/node:22.1, true",
    "node, docker.io/evil/node:22, false",
    "acme, acme/jira, false",
    "acme/jira, docker.io/acme/jira:1, true",
    "docker.io/acme, acme/jira, true",
    "docker.io, node, true",
    "registry:5000/, registry:5000/x, true",
    "registry:5000/, registry:5001/x, false",
    "localhost, localhost/x, true",
    "*, anything/at:all, true",
  })
  void allowsWhatIsUnderAPrefix(String prefix, String image, boolean allowed) {
    assertThat(new ImageRules(List.of(prefix)).allows(image)).isEqualTo(allowed);
  }

  @Test
  void allowsNothingWithoutAList() {
    assertThat(new ImageRules(List.of()).allows("node")).isFalse();
  }
}
