package io.reflow.gateway.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.config.GatewayConfig;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.EventStream.Next;
import io.reflow.gateway.session.EventStream.Reading;
import io.reflow.gateway.session.Session;
import io.reflow.gateway.session.Sessions;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import io.reflow.gateway.upstream.InputRequest;
import io.reflow.gateway.upstream.InputRequest.Answer;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class ClientQuestionsTest {

  private static final String ALL =
      "{\"roots\":{},\"sampling\":{},\"elicitation\":{\"form\":{},\"url\":{}}}";
  private static final String FORM =
      "{\"message\":\"Who?\",\"requestedSchema\":{\"type\":\"object\",\"x\":1.0},\"task\":{},"
          + "\"_meta\":{\"progressToken\":0,\"k\":\"v\"}}";
  private static final String PAGE =
      "{\"mode\":\"url\",\"message\":\"Log in\",\"url\":\"https://example.com/a\"}";

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Session session = session();
  private final Reading client = session.conversation().streams().general().read();

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  @Test
  void asksAllAtOnceAndHandsEachAnswerToItsQuestion()
      throws ExecutionException, InterruptedException, MalformedMessage {
    Future<Map<String, Answer>> asked =
        ask(ALL, question("who", "elicitation/create", FORM), question("r", "roots/list", "{}"));
    JsonNode form = sent();
    JsonNode roots = sent();

    assertThat(form.get("id").asText()).startsWith("g-").isNotEqualTo(roots.get("id").asText());
    assertThat(form.get("method").asText()).isEqualTo("elicitation/create");
    assertThat(form.get("params").toString())
        .isEqualTo(
            ("{\"message\":\"[Target] Who?\",\"requestedSchema\":{\"type\":\"object\",\"x\":1.0},"
                    + "\"_meta\":{\"progressToken\":%s,\"k\":\"v\"}}")
                .formatted(form.get("id")));
    answer(roots, new Answer.Refused(RawJson.of("{\"code\":-1,\"message\":\"no\"}")));
    answer(form, new Answer.Given(RawJson.of("{\"action\":\"decline\"}")));

    assertThat(asked.get().get("who")).hasToString("Given[result={\"action\":\"decline\"}]");
    assertThat(asked.get().get("r")).isInstanceOf(Answer.Refused.class);
  }

  @Test
  void whatTheClientDidNotDeclareIsNotAsked()
      throws ExecutionException, InterruptedException, MalformedMessage {
    String tools = "{\"messages\":[],\"tools\":[]}";
    Map<String, Answer> refused =
        ask(
                "{\"elicitation\":{},\"sampling\":{}}",
                question("roots", "roots/list", "{}"),
                question("url", "elicitation/create", PAGE),
                question("tools", "sampling/createMessage", tools),
                question("other", "tasks/list", "{}"))
            .get();

    assertThat(refused.get("roots")).asString().contains("-32601");
    assertThat(refused.get("url")).asString().contains("-32602");
    assertThat(refused.get("tools")).asString().contains("-32602");
    assertThat(refused.get("other")).asString().contains("-32601");
    assertThat(client.next(Duration.ZERO)).isInstanceOf(Next.Silence.class);
  }

  @Test
  void nobodyIsSentToAPageThatIsNotSafe()
      throws ExecutionException, InterruptedException, MalformedMessage {
    String page = PAGE.replace("https://example.com/a", "javascript:alert(1)");
    Map<String, Answer> refused = ask(ALL, question("url", "elicitation/create", page)).get();

    assertThat(refused.get("url")).asString().contains("-32602");
    assertThat(client.next(Duration.ZERO)).isInstanceOf(Next.Silence.class);
  }

  @Test
  void anAnswerUnderAnotherIdOrInAnotherSessionIsDropped()
      throws ExecutionException, InterruptedException, MalformedMessage {
    Future<Map<String, Answer>> asked = ask(ALL, question("r", "roots/list", "{}"));
    JsonNode roots = sent();
    Answer wrong = new Answer.Given(RawJson.of("{\"wrong\":true}"));

    session.conversation().questions().answer(JsonText.string("g-4711"), wrong);
    session.conversation().questions().answer(RawJson.of("1"), wrong);
    session().conversation().questions().answer(JsonText.string(roots.get("id").asText()), wrong);

    assertThat(asked.isDone()).isFalse();
    answer(roots, new Answer.Given(RawJson.of("{\"roots\":[]}")));
    assertThat(asked.get().get("r")).asString().contains("roots");
  }

  @Test
  void aQuestionThatNobodyWaitsForIsWithdrawn() throws InterruptedException, MalformedMessage {
    Future<Map<String, Answer>> asked = ask(ALL, question("r", "roots/list", "{}"));
    JsonNode roots = sent();

    asked.cancel(true);

    JsonNode withdrawn = sent();
    assertThat(withdrawn.get("method").asText()).isEqualTo("notifications/cancelled");
    assertThat(withdrawn.at("/params/requestId")).isEqualTo(roots.get("id"));
    assertThatThrownBy(asked::get).isInstanceOf(CancellationException.class);
  }

  @Test
  void anAnswerIsWaitedForOnlySoLong()
      throws ExecutionException, InterruptedException, MalformedMessage {
    Future<Map<String, Answer>> asked =
        ask(questions(ALL, Duration.ofMillis(50)), question("r", "roots/list", "{}"));

    assertThat(asked.get().get("r")).asString().contains("-32603");
    assertThat(sent().get("method").asText()).isEqualTo("roots/list");
    assertThat(sent().get("method").asText()).isEqualTo("notifications/cancelled");
  }

  @Test
  void signsOfLifeDoNotKeepAQuestionOpenForEver()
      throws ExecutionException, InterruptedException, MalformedMessage {
    var patience = new ClientQuestions.Patience(Duration.ofMinutes(5), Duration.ofMillis(200));
    Future<Map<String, Answer>> asked =
        ask(questions(ALL, patience), question("r", "roots/list", "{}"));
    RawJson id = JsonText.string(sent().get("id").asText());

    UpstreamFixtures.await(() -> {
      session.conversation().questions().progress(id, RawJson.EMPTY_OBJECT);
      return asked.isDone();
    });

    assertThat(asked.get().get("r")).asString().contains("-32603");
  }

  @Test
  void aPageThatTheUserHasJustAgreedToIsNotShownAgain()
      throws ExecutionException, InterruptedException, MalformedMessage {
    ClientQuestions questions = questions(ALL, Duration.ofSeconds(20));
    Future<Map<String, Answer>> first = ask(questions, question("a", "elicitation/create", PAGE));
    JsonNode page = sent();
    assertThat(page.at("/params/elicitationId").asText()).isNotEmpty();
    answer(page, new Answer.Given(RawJson.of("{\"action\":\"accept\"}")));
    assertThat(first.get().get("a")).asString().contains("accept");

    Future<Map<String, Answer>> second = ask(questions, question("b", "elicitation/create", PAGE));

    assertThat(second.get().get("b")).asString().contains("accept");
    assertThat(client.next(Duration.ZERO)).isInstanceOf(Next.Silence.class);
  }

  private Future<Map<String, Answer>> ask(String capabilities, InputRequest... requests)
      throws MalformedMessage {
    return ask(questions(capabilities, Duration.ofSeconds(20)), requests);
  }

  private Future<Map<String, Answer>> ask(ClientQuestions questions, InputRequest... requests) {
    return threads.submit(() -> questions.ask(List.of(requests)));
  }

  private ClientQuestions questions(String capabilities, Duration patience)
      throws MalformedMessage {
    return questions(capabilities, new ClientQuestions.Patience(patience, Duration.ofMinutes(5)));
  }

  private ClientQuestions questions(String capabilities, ClientQuestions.Patience patience)
      throws MalformedMessage {
    return new ClientQuestions(
        session.conversation().questions(),
        ClientCapabilities.read(RawJson.of(capabilities)),
        SessionStream.shared(session.conversation().streams().general()),
        () -> Optional.of("Target"),
        patience);
  }

  private static InputRequest question(String key, String method, String params)
      throws MalformedMessage {
    return new InputRequest(key, method, MessageReader.readObject(RawJson.of(params)));
  }

  private JsonNode sent() throws InterruptedException {
    if (client.next(Duration.ofSeconds(20)) instanceof Next.Event(var _, var message)) {
      return TestGateway.parse(message.toString());
    }
    throw new AssertionError("nothing was sent");
  }

  private void answer(JsonNode request, Answer answer) {
    session.conversation().questions().answer(JsonText.string(request.get("id").asText()), answer);
  }

  private static Session session() {
    var sessions = new Sessions(GatewayConfig.DEFAULTS.session(), InstantSource.system());
    return sessions.open(
        new Identity(new UserId(UUID.randomUUID()), "ann@example.com", "user", Set.of()),
        ProtocolVersion.V2025_11_25,
        new Session.Client("test", "1"),
        ClientCapabilities.NONE,
        Optional.empty());
  }
}
