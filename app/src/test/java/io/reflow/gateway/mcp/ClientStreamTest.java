package io.reflow.gateway.mcp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.config.GatewayConfig;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.Session;
import io.reflow.gateway.session.Sessions;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class ClientStreamTest {

  private static final RawJson PROGRESS = RawJson.of("{\"progressToken\":7,\"progress\":1}");

  private final ByteArrayOutputStream sent = new ByteArrayOutputStream();
  private final AtomicInteger opened = new AtomicInteger();
  private final ClientStream stream = new ClientStream(true, this::open);
  private final StreamCaller caller =
      new StreamCaller(stream, session(), Optional.of(RawJson.of("\"mine\"")));

  @Test
  void staysPlainWhenTheTargetSpeaksAfterItsAnswer() {
    boolean inStream = stream.seal();
    caller.progress(PROGRESS);

    assertThat(inStream).isFalse();
    assertThat(stream.seal()).isFalse();
    assertThat(opened).hasValue(0);
  }

  @Test
  void sendsNothingBehindTheAnswer() throws InterruptedException {
    caller.progress(PROGRESS);

    boolean inStream = stream.seal();
    caller.progress(PROGRESS);
    stream.finish(Optional.of(RawJson.of("{\"id\":1}")));

    assertThat(inStream).isTrue();
    assertThat(sent.toString(UTF_8))
        .containsOnlyOnce("notifications/progress")
        .contains("\"progressToken\":\"mine\"")
        .endsWith("data: {\"id\":1}\n\n");
  }

  @Test
  void holdsLittleForAClientThatDoesNotRead() throws InterruptedException {
    var reads = new CountDownLatch(1);
    var slow =
        new ClientStream(
            true,
            () -> {
              awaitUninterruptibly(reads);
              return sent;
            });
    RawJson large = RawJson.of("{\"data\":\"" + "x".repeat(300_000) + "\"}");
    for (int i = 0; i < 50; i++) {
      slow.send("notifications/message", large);
    }

    reads.countDown();
    assertThat(slow.seal()).isTrue();
    slow.finish(Optional.of(RawJson.of("{\"id\":1}")));

    assertThat(sent.size()).isBetween(300_000, 2_000_000);
    assertThat(sent.toString(UTF_8)).endsWith("data: {\"id\":1}\n\n");
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private OutputStream open() {
    opened.incrementAndGet();
    return sent;
  }

  private static Session session() {
    var sessions = new Sessions(GatewayConfig.DEFAULTS.session(), () -> Instant.EPOCH);
    return sessions.open(
        new Identity(new UserId(UUID.randomUUID()), "ann@example.com", "user", Set.of()),
        ProtocolVersion.V2025_11_25,
        new Session.Client("test", "1"),
        ClientCapabilities.NONE,
        Optional.empty());
  }
}
