package io.reflow.gateway.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedPostgresTest {

  @TempDir Path data;

  @Test
  void withoutItsFileItIsDead() throws InterruptedException {
    assertThat(EmbeddedPostgres.lives(data)).isFalse();
  }

  @Test
  void whoseNumberSomebodyElseHasIsDead() throws IOException, InterruptedException {
    String own = Long.toString(ProcessHandle.current().pid());
    Files.writeString(file(), String.join("\n", own, data.toString(), "1", "5432"));

    assertThat(EmbeddedPostgres.lives(data)).isFalse();
  }

  @Test
  void whatCanNotBeSeenIsNotDead() throws IOException, InterruptedException {
    Files.createSymbolicLink(file(), file());

    assertThat(EmbeddedPostgres.lives(data)).isTrue();
  }

  private Path file() {
    return data.resolve("postmaster.pid");
  }
}
