package io.reflow.gateway.upstream.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.utils.Serialization;
import io.reflow.gateway.config.Secret;
import io.reflow.gateway.instance.InstanceKey.Sharing;
import io.reflow.gateway.target.Isolation;
import io.reflow.gateway.target.Pod;
import io.reflow.gateway.target.TargetId;
import io.reflow.operator.crd.McpInstanceSpec;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class DesiredTest {

  private static final Wanted WANTED =
      new Wanted(
          "mcp-x",
          new TargetId(new UUID(0, 7)),
          "jira",
          "shared",
          new Pod(
              "ghcr.io/acme/jira:1",
              8080,
              "/mcp",
              Optional.of("/health"),
              List.of("serve"),
              List.of(),
              new TreeMap<>(Map.of("memory", "1Gi", "requests.cpu", "50m")),
              Pod.Egress.LIST,
              List.of(new Pod.Destination("203.0.113.7/32", List.of(443))),
              Optional.empty(),
              Optional.of("gvisor"),
              Optional.of("1h"),
              Optional.empty()),
          Map.of("KEY", new Secret("s3cr3t")));

  @Test
  void noValueIsInTheInstance() {
    var instance = Desired.instance(WANTED, Optional.of("mcp-x.1"), "mcp", Instant.EPOCH);

    assertThat(Serialization.asJson(instance))
        .contains("\"secretRef\":\"mcp-x.1\"", "1970-01-01T00:00:00Z")
        .doesNotContain("s3cr3t", "KEY");
    assertThat(WANTED.toString()).doesNotContain("s3cr3t");
  }

  @Test
  void whatIsReadBackIsTheSame() {
    McpInstanceSpec spec = Desired.spec(WANTED, Optional.of("mcp-x.1"));

    var read = Serialization.unmarshal(Serialization.asJson(spec), McpInstanceSpec.class);

    assertThat(read).isEqualTo(spec);
  }

  @Test
  void theSecretCantBeChanged() {
    var secret = Desired.secret(WANTED, "mcp-x.1", "mcp", Optional.empty());

    assertThat(secret.getImmutable()).isTrue();
    assertThat(secret.getData()).containsExactly(Map.entry("KEY", "czNjcjN0"));
  }

  @Test
  void subjectsOfOneKindAreNoOthers() {
    String groups = Subjects.key(new Sharing.Groups(new TreeSet<>(List.of("a,b"))));

    assertThat(groups)
        .isNotEqualTo(Subjects.key(new Sharing.Groups(new TreeSet<>(List.of("a", "b")))));
    assertThat(Subjects.fits(groups, Isolation.PER_GROUP)).isTrue();
    assertThat(Subjects.fits(groups, Isolation.PER_USER)).isFalse();
    assertThat(Subjects.fits(Subjects.key(new Sharing.Everyone()), Isolation.SHARED)).isTrue();
  }
}
