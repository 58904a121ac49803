package io.reflow.gateway.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.reflow.gateway.fault.GatewayException.Overloaded;
import io.reflow.gateway.identity.UserId;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class ExportsTest {

  private final Exports exports = new Exports(Duration.ofMillis(20));

  @Test
  void nobodyExportsTwiceAtATime() {
    try (var _ = exports.begin(Entries.ALICE, false)) {
      assertThatExceptionOfType(Overloaded.class)
          .isThrownBy(() -> exports.begin(Entries.ALICE, false))
          .withMessageContaining("you have an export under way");
    }
    exports.begin(Entries.ALICE, false).close();
  }

  @Test
  void adminsDoNotWaitForOthers() {
    for (int i = 0; i < 4; i++) {
      var _ = exports.begin(somebody(), false);
    }

    assertThatExceptionOfType(Overloaded.class)
        .isThrownBy(() -> exports.begin(Entries.ALICE, false))
        .withMessageContaining("4 exports");
    exports.begin(Entries.ALICE, true).close();
  }

  @Test
  void whatIsAboutToEndIsWaitedFor() {
    var patient = new Exports(Duration.ofMinutes(1));
    Exports.UnderWay first = patient.begin(Entries.ALICE, false);
    var second =
        CompletableFuture.supplyAsync(
            () -> patient.begin(Entries.ALICE, false), task -> Thread.ofVirtual().start(task));
    assertThat(second).isNotDone();

    first.close();

    second.join().close();
  }

  private static UserId somebody() {
    return new UserId(UUID.randomUUID());
  }
}
