package io.reflow.gateway.database;

import static org.assertj.core.api.Assertions.assertThat;

import io.helidon.dbclient.jdbc.JdbcParametersConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import org.junit.jupiter.api.Test;

/// Tells when our copy of a lost Helidon type can go.
class ConfiguredBuilderTest {

  private static final String NAME = "io/helidon/builder/api/Prototype$ConfiguredBuilder";

  @Test
  void helidonStillNeedsTheTypeThatWeBringAlong() throws IOException {
    try (var code =
        JdbcParametersConfig.class.getResourceAsStream("JdbcParametersConfig$BuilderBase.class")) {
      assertThat(code).isNotNull();
      assertThat(new String(code.readAllBytes(), StandardCharsets.ISO_8859_1))
          .as("helidon-dbclient-jdbc needs it no more: delete it")
          .contains(NAME);
    }
  }

  @Test
  void helidonStillDoesNotBringItItself() throws IOException {
    var copies = getClass().getClassLoader().getResources(NAME + ".class");

    assertThat(Collections.list(copies)).as("Helidon has it: delete ours").hasSize(1);
  }
}
