package io.reflow.operator.crd;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.crdv2.generator.CRDGenerator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/// Generates the CRD from the types, and holds the chart's copy to it.
class CrdFileTest {

  private static final String NAME = "mcpinstances.mcp.reflow.io-v1.yml";
  private static final Path MADE = Path.of("target", "crds");
  private static final Path CHART = Path.of("..", "..", "chart", "crds", NAME);

  @Test
  void theChartHasWhatTheTypesSay() throws IOException {
    Files.createDirectories(MADE);

    int made =
        new CRDGenerator()
            .customResourceClasses(McpInstance.class)
            .inOutputDir(MADE.toFile())
            .forCRDVersions("v1")
            .withMinQuotes(true)
            .generate();

    assertThat(made).isEqualTo(1);
    assertThat(CHART)
        .as("If the types have changed: cp operator/crd/%s/%s chart/crds/", MADE, NAME)
        .exists()
        .hasSameTextualContentAs(MADE.resolve(NAME));
  }
}
