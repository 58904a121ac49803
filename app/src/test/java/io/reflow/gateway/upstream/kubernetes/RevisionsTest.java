package io.reflow.gateway.upstream.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.config.Secret;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RevisionsTest {

  private static final Map<String, Secret> VALUES = Map.of("KEY", new Secret("value"));

  private static Revisions revisions(String... keys) {
    return new Revisions(
        List.of(keys).stream().map(key -> key.getBytes(StandardCharsets.UTF_8)).toList());
  }

  private static String of(Revisions revisions, String instance, Map<String, Secret> values) {
    return revisions.secret(instance, values, Optional.empty()).orElseThrow();
  }

  @Test
  void areTheSameOnAllReplicas() {
    assertThat(of(revisions("a"), "mcp-x", VALUES)).isEqualTo(of(revisions("a"), "mcp-x", VALUES));
  }

  @Test
  void fitTheSchema() {
    assertThat(of(revisions("a"), "mcp-x", VALUES)).matches("mcp-x\\.[a-z0-9]{1,63}");
  }

  @Test
  void differWithContentsInstanceAndKey() {
    String one = of(revisions("a"), "mcp-x", VALUES);

    assertThat(of(revisions("a"), "mcp-x", Map.of("KEY", new Secret("other")))).isNotEqualTo(one);
    assertThat(of(revisions("a"), "mcp-x", Map.of("KE", new Secret("Yvalue")))).isNotEqualTo(one);
    assertThat(of(revisions("a"), "mcp-y", VALUES).substring(6)).isNotEqualTo(one.substring(6));
    assertThat(of(revisions("b"), "mcp-x", VALUES)).isNotEqualTo(one);
  }

  @Test
  void keepTheNameThatAnOlderKeyGave() {
    String older = of(revisions("old"), "mcp-x", VALUES);

    assertThat(revisions("new", "old").secret("mcp-x", VALUES, Optional.of(older))).contains(older);
  }

  @Test
  void noValuesNeedNoSecret() {
    assertThat(revisions("a").secret("mcp-x", Map.of(), Optional.of("mcp-x.abc"))).isEmpty();
  }
}
