package io.reflow.gateway.upstream.stdio;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ProcessStatTest {

  @TempDir private Path process;

  @Test
  void aNameMayHoldAnyBytes() throws IOException {
    byte[] stat =
        "77 (\u00ff\u00fe) R 5 (x) Z 1 70 71 0 -1 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21"
            .getBytes(ISO_8859_1);
    Files.write(process.resolve("stat"), stat);

    assertThat(ProcessStat.of(process)).isEqualTo(new ProcessStat(true, 1, 71, 17, 19));
  }
}
