package io.reflow.gateway.upstream.stdio;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class OrphansTest {

  @TempDir private Path process;

  @Test
  void aNameMayHoldAnyBytes() throws IOException {
    byte[] stat = "77 (\u00ff\u00fe) R 5 (x) Z 1 70 71 0 -1".getBytes(ISO_8859_1);
    Files.write(process.resolve("stat"), stat);

    assertThat(Orphans.stat(process)).isEqualTo(new Orphans.Stat(true, 1, 71));
  }
}
