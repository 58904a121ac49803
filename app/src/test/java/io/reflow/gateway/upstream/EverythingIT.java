package io.reflow.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.testing.NodeServers;
import io.reflow.gateway.testing.RecordingCaller;
import io.reflow.gateway.testing.RecordingListener;
import io.reflow.gateway.testing.RunningServer;
import io.reflow.gateway.testing.UpstreamFixtures;
import io.reflow.gateway.upstream.http.HttpDial;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// The official server that has something of everything, over both kinds of HTTP, and found out to
/// speak the older one.
class EverythingIT {

  private static final Map<String, RawJson> ANSWERS =
      Map.of(
          "sampling/createMessage",
          RawJson.of(
              "{\"role\":\"assistant\",\"model\":\"m\",\"content\":{\"type\":\"text\",\"text\":\"Sampled!\"}}"),
          "elicitation/create",
          RawJson.of("{\"action\":\"decline\"}"),
          "roots/list",
          RawJson.of("{\"roots\":[{\"uri\":\"file:///roots/of/mine\",\"name\":\"mine\"}]}"));

  private static final HttpDial DIAL =
      new HttpDial(UpstreamFixtures.ADDRESSES, UpstreamFixtures.MCP, "0", UpstreamFixtures.eras());
  private static RunningServer streamable;
  private static RunningServer sse;

  @BeforeAll
  static void start() throws InterruptedException {
    NodeServers servers = NodeServers.install();
    streamable = servers.everythingOverHttp();
    sse = servers.everythingOverSse();
  }

  @AfterAll
  static void stop() {
    DIAL.close();
    if (streamable != null) {
      streamable.close();
    }
    if (sse != null) {
      sse.close();
    }
  }

  static Stream<Arguments> transports() {
    return Stream.of(
        Arguments.of(new Transport.StreamableHttp(streamable.url())),
        Arguments.of(new Transport.Sse(sse.url())),
        Arguments.of(new Transport.StreamableHttp(sse.url())));
  }

  private static Upstream open(Transport transport, Listener listener) throws InterruptedException {
    Opening opening =
        UpstreamFixtures.ownOpening(UpstreamFixtures.target("everything", transport), listener);
    return switch (transport) {
      case Transport.StreamableHttp http -> DIAL.open(http, opening);
      case Transport.Sse older -> DIAL.sse().open(older, opening);
      case Transport.Stdio _, Transport.Kubernetes _ -> throw new IllegalArgumentException();
    };
  }

  private static String call(Upstream upstream, String tool, String arguments, Caller caller)
      throws InterruptedException {
    Answer answer = upstream.call(UpstreamFixtures.toolCall(tool, arguments), caller);
    return ((Answer.Result) answer).result().toString();
  }

  @ParameterizedTest
  @MethodSource("transports")
  void asksTheClientInTheMiddleOfACall(Transport transport) throws InterruptedException {
    RecordingCaller caller = RecordingCaller.with(UpstreamFixtures.ABLE_CLIENT, ANSWERS);
    try (Upstream upstream = open(transport, new RecordingListener())) {
      assertThat(call(upstream, "echo", "{\"message\":\"hi\"}", caller)).contains("Echo: hi");
      assertThat(
              call(
                  upstream,
                  "trigger-sampling-request",
                  "{\"prompt\":\"p\",\"maxTokens\":9}",
                  caller))
          .contains("Sampled!");
      assertThat(call(upstream, "trigger-elicitation-request", "{}", caller)).contains("decline");
    }

    assertThat(caller.asked())
        .extracting(InputRequest::method)
        .contains("sampling/createMessage", "elicitation/create");
  }

  @ParameterizedTest
  @MethodSource("transports")
  void tellsOfResourcesThatAreFollowed(Transport transport) throws InterruptedException {
    var heard = new RecordingListener();
    String uri = "demo://resource/dynamic/text/1";
    try (Upstream upstream = open(transport, heard)) {
      upstream.follow(new Interest(Set.of(), Set.of(uri)));
      String _ = call(upstream, "toggle-subscriber-updates", "{}", Caller.SILENT);

      UpstreamFixtures.await(() -> heard.resources().contains(uri));
    }
  }
}
