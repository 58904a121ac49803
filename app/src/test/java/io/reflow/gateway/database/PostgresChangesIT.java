package io.reflow.gateway.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.fault.GatewayException.Unavailable;
import io.reflow.gateway.testing.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PostgresChangesIT {

  private final BlockingQueue<String> reloads = new LinkedBlockingQueue<>();
  private TestDatabase test;
  private PostgresChanges changes;

  @BeforeEach
  void open() {
    test = TestDatabase.fresh();
    for (String table : new String[] {"fruit", "nut"}) {
      test.execute("create table %s (name text)".formatted(table));
      test.execute(
          """
          create trigger %1$s_changed after insert or update or delete on %1$s
            for each statement execute function reflow_notify_changed()
          """
              .formatted(table));
    }
    changes = new PostgresChanges(test.address(), InstantSource.system());
    changes.on("fruit", () -> reloads.add("fruit"));
  }

  @AfterEach
  void close() {
    changes.close();
    test.close();
  }

  @Test
  void loadsEverythingAtStart() {
    changes.start();

    assertThat(reloads).startsWith("fruit");
  }

  @Test
  void hearsAChangeWithinTwoSeconds() throws InterruptedException {
    startAndSettle();

    test.execute("insert into nut values ('hazel')");
    test.execute("insert into fruit values ('apple')");

    assertThat(reloads.poll(2, TimeUnit.SECONDS)).isEqualTo("fruit");
  }

  @Test
  void reloadsAllAfterALostConnection() throws InterruptedException {
    startAndSettle();

    test.disconnect();

    assertThat(reloads.poll(5, TimeUnit.SECONDS)).isEqualTo("fruit");
    test.execute("insert into fruit values ('pear')");
    assertThat(reloads.poll(2, TimeUnit.SECONDS)).isEqualTo("fruit");
  }

  @Test
  void confirmsNothingWhileTheDatabaseIsAwayAndCatchesUpAfterwards() throws InterruptedException {
    startAndSettle();

    test.refuse();
    Instant away = Instant.now();
    assertThat(reloads.poll(1500, TimeUnit.MILLISECONDS)).isNull();
    assertThat(changes.confirmedAt()).isBefore(away);
    test.admit();

    assertThat(reloads.poll(5, TimeUnit.SECONDS)).isEqualTo("fruit");
    assertThat(changes.confirmedAt()).isBefore(Instant.MAX);
  }

  @Test
  void triesAgainWhenAReloadFails() throws InterruptedException {
    startAndSettle();
    boolean[] failed = {false};
    changes.on(
        "nut",
        () -> {
          if (!failed[0]) {
            failed[0] = true;
            throw new IllegalStateException("the first one fails");
          }
          reloads.add("nut");
        });

    test.execute("insert into nut values ('hazel')");

    String first = reloads.poll(5, TimeUnit.SECONDS);
    String second = reloads.poll(5, TimeUnit.SECONDS);
    assertThat(new String[] {first, second}).containsExactlyInAnyOrder("fruit", "nut");
  }

  @Test
  void refusesToStartOnAFailingLoad() {
    changes.on(
        "nut",
        () -> {
          throw new Unavailable("away", Duration.ofSeconds(5));
        });

    assertThatThrownBy(changes::start).isInstanceOf(Unavailable.class);
  }

  /// Waits for the loads at start and when it begins to listen.
  private void startAndSettle() throws InterruptedException {
    changes.start();
    assertThat(reloads.poll(5, TimeUnit.SECONDS)).isEqualTo("fruit");
    assertThat(reloads.poll(5, TimeUnit.SECONDS)).isEqualTo("fruit");
    while (changes.confirmedAt().equals(Instant.MIN)) {
      Thread.onSpinWait();
    }
    assertThat(reloads).isEmpty();
  }
}
