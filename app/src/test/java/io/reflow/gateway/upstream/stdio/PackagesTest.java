package io.reflow.gateway.upstream.stdio;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.config.Secret;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.upstream.stdio.PackageRunner.Wanted;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PackagesTest {

  private static Launch launch(Map<String, Secret> environment, String... command) {
    var key = new InstanceKey(new TargetId(UUID.randomUUID()), new InstanceKey.Sharing.Everyone());
    return new Launch("fake", List.of(command), environment, key, true, false);
  }

  private static Optional<Wanted> wanted(Map<String, Secret> environment, String... command) {
    return PackageRunner.ALL.stream()
        .flatMap(runner -> runner.wanted(launch(environment, command)).stream())
        .findFirst();
  }

  private static Optional<Wanted> wanted(String... command) {
    return wanted(Map.of(), command);
  }

  @Test
  void sharesWhatEverybodyGetsUnderTheName() {
    assertThat(wanted("npx", "-y", "@scope/server@1.2.3", "-v"))
        .contains(new Wanted("@scope/server@1.2.3", "@scope/server@1.2.3", 3));
    assertThat(wanted("/usr/bin/npx", "server")).contains(new Wanted("server", "server", 2));
    assertThat(wanted("uvx", "mcp-server-time", "--local-timezone=UTC"))
        .contains(new Wanted("mcp-server-time", "mcp-server-time", 2));
    assertThat(wanted("/opt/uvx", "-q", "server@1.2.3"))
        .contains(new Wanted("server@1.2.3", "server", 3));
    assertThat(wanted("uvx", "--from", "pack[extra]>=1.2,<2", "server", "x"))
        .contains(new Wanted("pack[extra]>=1.2,<2", "server", 4));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "./server",
        "/opt/server",
        "git+ssh://host/x",
        "a/b",
        "--package=x",
        "-c",
        "--with"
      })
  void leavesOtherWaysToTheInstance(String argument) {
    assertThat(wanted("npx", "-y", argument)).isEmpty();
    assertThat(wanted("uvx", argument, "server")).isEmpty();
    assertThat(wanted("uvx", "--from", argument, "server")).isEmpty();
    assertThat(wanted("npx")).isEmpty();
    assertThat(wanted("uvx", "--from")).isEmpty();
    assertThat(wanted("uvx", "--from", "x")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "npm_config_registry",
        "NPM_CONFIG_USERCONFIG",
        "https_proxy",
        "NODE_ENV",
        "UV_INDEX_URL",
        "PATH"
      })
  void leavesAPackageToAnInstanceThatHasItsOwnWaysToGetIt(String variable) {
    var environment = Map.of(variable, new Secret("x"));

    assertThat(wanted(environment, "npx", "-y", "server")).isEmpty();
    assertThat(wanted(environment, "uvx", "server")).isEmpty();
  }

  @Test
  void leavesOtherProgramsAlone() {
    assertThat(wanted("node", "server")).isEmpty();
  }
}
