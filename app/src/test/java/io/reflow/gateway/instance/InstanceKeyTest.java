package io.reflow.gateway.instance;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.target.Isolation;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.target.UpstreamAuth;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

final class InstanceKeyTest {

  private static final Transport HTTP =
      new Transport.StreamableHttp(URI.create("http://fake.example/mcp"));
  private static final Transport STDIO = new Transport.Stdio("fake", List.of());
  private static final Identity ANN =
      new Identity(new UserId(UUID.randomUUID()), "ann@example.com", "user", Set.of());

  private static ClientCapabilities sampling() throws MalformedMessage {
    return ClientCapabilities.read(RawJson.of("{\"sampling\":{}}"));
  }

  private static Target target(Transport transport, Isolation isolation) {
    return new Target(
        new TargetId(UUID.randomUUID()),
        "fake",
        transport,
        isolation,
        new UpstreamAuth.None(),
        0,
        Optional.empty(),
        Optional.empty(),
        true,
        1);
  }

  @Test
  void overHttpEachKindOfClientHasItsOwn() throws MalformedMessage {
    Target shared = target(HTTP, Isolation.SHARED);

    assertThat(InstanceKey.of(shared, ANN, "s", sampling()).capabilities()).isEqualTo(sampling());
    assertThat(InstanceKey.of(shared, ANN, "s", sampling()))
        .isEqualTo(InstanceKey.of(shared, ANN, "other", sampling()))
        .isNotEqualTo(InstanceKey.of(shared, ANN, "s", ClientCapabilities.NONE));
  }

  @Test
  void aProcessThatSeveralUsersShareHearsOfNoClient() throws MalformedMessage {
    Target shared = target(STDIO, Isolation.SHARED);

    InstanceKey key = InstanceKey.of(shared, ANN, "s", sampling());

    assertThat(key.exclusive()).isFalse();
    assertThat(key.capabilities()).isEqualTo(ClientCapabilities.NONE);
  }

  @Test
  void aTargetOfSeveralUsersDoesNotWaitToBeToldOfRoots() throws MalformedMessage {
    var announcing = ClientCapabilities.read(RawJson.of("{\"roots\":{\"listChanged\":true}}"));
    var silent = ClientCapabilities.read(RawJson.of("{\"roots\":{}}"));
    Target shared = target(HTTP, Isolation.SHARED);

    assertThat(InstanceKey.of(shared, ANN, "s", announcing))
        .isEqualTo(InstanceKey.of(shared, ANN, "s", silent));
    assertThat(InstanceKey.of(shared, ANN, "s", announcing).capabilities().roots()).isTrue();
    assertThat(InstanceKey.of(target(HTTP, Isolation.PER_USER), ANN, "s", announcing))
        .isNotEqualTo(InstanceKey.of(target(HTTP, Isolation.PER_USER), ANN, "s", silent));
  }

  @Test
  void aProcessOfOneUserHearsOfTheirClient() throws MalformedMessage {
    InstanceKey key = InstanceKey.of(target(STDIO, Isolation.PER_USER), ANN, "s", sampling());

    assertThat(key.exclusive()).isTrue();
    assertThat(key.capabilities()).isEqualTo(sampling());
  }
}
