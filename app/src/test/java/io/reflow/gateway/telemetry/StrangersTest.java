package io.reflow.gateway.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.slf4j.event.KeyValuePair;

class StrangersTest {

  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private final Logger logger = (Logger) LoggerFactory.getLogger(Strangers.class);

  @BeforeEach
  void listen() {
    logger.setLevel(Level.INFO);
    log.start();
    logger.addAppender(log);
  }

  @AfterEach
  void stop() {
    logger.detachAppender(log);
    logger.setLevel(null);
  }

  @Test
  void tellsOfOneAndCountsTheOthers() {
    var nanos = new AtomicLong(-5);
    var strangers = new Strangers(new Metrics("0", InstantSource.system()), nanos::get);
    for (int i = 0; i < 1_000; i++) {
      strangers.refused("token_missing", () -> "192.0.2.7", false, "trace");
    }
    var _ = nanos.addAndGet(Duration.ofSeconds(10).toNanos());
    strangers.refused("token_missing", () -> "192.0.2.7", false, "trace");

    List<ILoggingEvent> told =
        log.list.stream()
            .filter(event -> facts(event).contains(new KeyValuePair("peer", "192.0.2.7")))
            .toList();
    assertThat(told).hasSize(2);
    assertThat(facts(told.getFirst())).contains(new KeyValuePair("refused", 1L));
    assertThat(facts(told.getLast())).contains(new KeyValuePair("refused", 1_000L));
  }

  private static List<KeyValuePair> facts(ILoggingEvent event) {
    return event.getKeyValuePairs() == null ? List.of() : event.getKeyValuePairs();
  }
}
