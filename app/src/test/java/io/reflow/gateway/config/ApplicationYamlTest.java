package io.reflow.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

class ApplicationYamlTest {

  private static final Path ROOT = Path.of("..");
  private static final Path FILE = ROOT.resolve("application.yaml");

  @Test
  void fileAndDefaultsAreEqual() {
    assertThat(new ConfigLoader(Map.of(), ROOT).load(List.of())).isEqualTo(GatewayConfig.DEFAULTS);
  }

  @Test
  void jarHoldsTheFile(@TempDir Path empty) throws IOException {
    try (var resource = GatewayConfig.class.getResourceAsStream("application.yaml")) {
      assertThat(Objects.requireNonNull(resource).readAllBytes())
          .isEqualTo(Files.readAllBytes(FILE));
    }
    assertThat(new ConfigLoader(Map.of(), empty).load(List.of())).isEqualTo(GatewayConfig.DEFAULTS);
  }

  /// What has no default stands commented out: `#key: example`.
  @Test
  void everyKeyIsInTheFile() throws IOException {
    String all = Files.readString(FILE).replaceAll("(?m)^( *)#(?=[a-z])", "$1");

    assertThat(leaves("", new Yaml(new SafeConstructor(new LoaderOptions())).load(all)))
        .isEqualTo(ConfigKeys.all());
  }

  @Test
  void everyKeyHasAComment() throws IOException {
    List<String> lines = Files.readAllLines(FILE);

    Set<String> sections = new HashSet<>();
    for (int i = 1; i < lines.size(); i++) {
      if (lines.get(i).matches("[a-z]+:")) {
        assertThat(lines.get(i - 1)).as(lines.get(i)).startsWith("# ");
        sections.add(lines.get(i));
      }
    }

    assertThat(sections).hasSize(GatewayConfig.class.getRecordComponents().length);
  }

  @Test
  void everyKeyHasAnEnvironmentVariableOfItsOwn() {
    assertThat(ConfigKeys.all().stream().map(Binder::variable)).doesNotHaveDuplicates();
  }

  private static Set<String> leaves(String path, Map<String, Object> section) {
    Set<String> leaves = new TreeSet<>();
    section.forEach((key, value) -> {
      if (value instanceof Map<?, ?> inner) {
        @SuppressWarnings("unchecked")
        Map<String, Object> nested = (Map<String, Object>) inner;
        leaves.addAll(leaves(path + key + ".", nested));
      } else {
        leaves.add(path + key);
      }
    });
    return leaves;
  }
}
