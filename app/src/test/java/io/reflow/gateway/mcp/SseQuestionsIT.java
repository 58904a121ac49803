package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.FakeTools;
import io.reflow.gateway.testing.FakeTools.Peer;
import io.reflow.gateway.testing.PipedServer;
import io.reflow.gateway.testing.SseClient;
import io.reflow.gateway.testing.TestGateway;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// No question of a target gets lost on the way to a client of the oldest transport, though the
/// target asks at once, and though clients come and go all the time.
class SseQuestionsIT {

  private static final int CLIENTS = 6;
  private static final int ROUNDS = 12;
  private static final int QUESTIONS = 4;

  private static final AtomicInteger IDS = new AtomicInteger();
  private static final Map<String, BlockingQueue<String>> REPLIES = new ConcurrentHashMap<>();

  private static FakeMcpServer sse;
  private static PipedServer pipe;
  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    sse = new FakeMcpServer().talking(SseQuestionsIT::talk);
    pipe = new PipedServer(SseQuestionsIT::talk);
    gateway = TestGateway.start();
    gateway.target(
        "sse",
        Map.of(
            "transport_type", "sse", "url", sse.sseUrl().toString(), "statefulness", "stateful"));
    Map<String, Object> piped = new HashMap<>(TestGateway.stdio(pipe.command()));
    piped.put("isolation_boundary", "per_user");
    gateway.target("pipe", piped);
  }

  @AfterAll
  static void stop() {
    gateway.close();
    pipe.close();
    sse.close();
  }

  /// Asks as often as it is told to before it answers; what the client has answered is the result.
  private static void talk(String message, Peer peer) throws IOException, InterruptedException {
    String id = FakeTools.id(message);
    String method = FakeTools.method(message);
    if (method.equals("tools/call")) {
      StringBuilder said = new StringBuilder();
      for (int i = FakeTools.count(message); i > 0; i--) {
        said.append(said.isEmpty() ? "" : ",").append(ask(peer));
      }
      peer.send(
          FakeTools.result(id, "{\"content\":[],\"structuredContent\":{\"said\":[" + said + "]}}"));
    } else if (!id.isEmpty() && method.isEmpty()) {
      BlockingQueue<String> waiting = REPLIES.get(id);
      if (waiting != null) {
        waiting.add(message);
      }
    } else if (!id.isEmpty()) {
      var tools = new FakeTools();
      tools.list(List.of("asking"));
      tools.work(message, peer);
    }
  }

  private static String ask(Peer peer) throws IOException, InterruptedException {
    String id = "\"q" + IDS.incrementAndGet() + "\"";
    BlockingQueue<String> reply = new LinkedBlockingQueue<>();
    REPLIES.put(id, reply);
    peer.send(
        "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"elicitation/create\",\"params\":{\"message\":%s,\"requestedSchema\":{}}}"
            .formatted(id, id));
    String came = reply.poll(60, TimeUnit.SECONDS);
    return came == null ? "null" : TestGateway.parse(came).at("/result/content/heard").toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {"sse", "pipe"})
  void everyQuestionArrives(String target) throws ExecutionException, InterruptedException {
    boolean alone = target.equals("pipe");
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Void>> clients =
          IntStream.range(0, alone ? 1 : CLIENTS)
              .mapToObj(_ -> threads.submit(client(target)))
              .toList();
      for (Future<Void> client : clients) {
        client.get();
      }
    }
  }

  private static Callable<Void> client(String target) {
    return () -> {
      for (int i = 0; i < ROUNDS; i++) {
        try (SseClient client =
            SseClient.connect(gateway, gateway.adminToken(), "/sse/" + target)
                .initialize("2024-11-05", Map.of("elicitation", Map.of()))) {
          client.post(
              "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",\"params\":{\"name\":\"asking\",\"arguments\":{\"count\":%d}}}"
                  .formatted(QUESTIONS));
          StringBuilder answered = new StringBuilder();
          for (int j = 0; j < QUESTIONS; j++) {
            JsonNode question = client.stream().message("elicitation/create");
            String heard = question.at("/params/message").toString();
            answered.append(answered.isEmpty() ? "" : ",").append(heard);
            client.post(
                "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{\"action\":\"accept\",\"content\":{\"heard\":%s}}}"
                    .formatted(question.get("id"), heard));
          }
          assertThat(client.stream().answer().at("/result/structuredContent/said").toString())
              .isEqualTo("[" + answered + "]");
        }
      }
      return null;
    };
  }
}
