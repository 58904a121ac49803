package io.reflow.gateway.upstream.stdio;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.config.Secret;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.target.TargetId;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PackagesTest {

  private static Launch launch(Map<String, Secret> environment, String... command) {
    var key = new InstanceKey(new TargetId(UUID.randomUUID()), new InstanceKey.Sharing.Everyone());
    return new Launch("fake", List.of(command), environment, key, true, false);
  }

  @Test
  void sharesWhatEverybodyGetsUnderTheName() {
    assertThat(Packages.spec(launch(Map.of(), "npx", "-y", "@scope/server@1.2.3", "-v")))
        .contains("@scope/server@1.2.3");
    assertThat(Packages.spec(launch(Map.of(), "/usr/bin/npx", "server"))).contains("server");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"./server", "/opt/server", "git+ssh://host/x", "a/b", "--package=x", "-c"})
  void leavesOtherWaysToTheInstance(String argument) {
    assertThat(Packages.spec(launch(Map.of(), "npx", "-y", argument))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"npm_config_registry", "NPM_CONFIG_USERCONFIG", "https_proxy", "NODE_ENV"})
  void leavesAPackageToAnInstanceThatHasItsOwnWaysToGetIt(String variable) {
    var environment = Map.of(variable, new Secret("x"));

    assertThat(Packages.spec(launch(environment, "npx", "-y", "server"))).isEmpty();
  }

  @Test
  void leavesOtherProgramsAlone() {
    assertThat(Packages.spec(launch(Map.of(), "node", "server"))).isEmpty();
  }
}
