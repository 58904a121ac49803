package io.reflow.gateway.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.fault.GatewayException.InvalidParams;
import io.reflow.gateway.identity.UserId;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class CursorsTest {

  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final UserId ANN = new UserId(UUID.randomUUID());
  private static final UserId BOB = new UserId(UUID.randomUUID());
  private static final Cursors.Position POSITION = new Cursors.Position(-3, "github", 41);

  private final Cursors cursors = new Cursors(new byte[32], () -> NOW);
  private final String cursor = cursors.seal(ListKind.TOOLS, ANN, POSITION);

  @Test
  void opensWhatItSealed() {
    assertThat(cursors.open(ListKind.TOOLS, ANN, cursor)).isEqualTo(POSITION);
  }

  @Test
  void isForOneUserAndOneListOnly() {
    refuses(cursors, ListKind.TOOLS, BOB, cursor);
    refuses(cursors, ListKind.PROMPTS, ANN, cursor);
  }

  @Test
  void endsAfterAnHour() {
    var later = new Cursors(new byte[32], () -> NOW.plus(Duration.ofMinutes(61)));

    refuses(later, ListKind.TOOLS, ANN, cursor);
  }

  @Test
  void refusesWhatItDidNotMake() {
    for (String forged :
        new String[] {"", "c1.", "c1.AAAA", "2", "c1.%%%", cursor + "A", cursor.substring(3)}) {
      refuses(cursors, ListKind.TOOLS, ANN, forged);
    }
  }

  private static void refuses(Cursors cursors, ListKind kind, UserId user, String cursor) {
    assertThatThrownBy(() -> cursors.open(kind, user, cursor)).isInstanceOf(InvalidParams.class);
  }
}
