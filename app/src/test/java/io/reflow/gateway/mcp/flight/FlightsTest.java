package io.reflow.gateway.mcp.flight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.config.GatewayConfig;
import io.reflow.gateway.fault.GatewayException.InvalidParams;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.Session;
import io.reflow.gateway.session.Sessions;
import io.reflow.gateway.testing.RecordingCaller;
import io.reflow.gateway.testing.UpstreamFixtures;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.InputRequest;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.StringJoiner;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FlightsTest {

  private static final RawJson ID = RawJson.of("1");
  private static final RawJson YES = RawJson.of("{\"action\":\"accept\"}");
  private static final RawJson NO = RawJson.of("{\"action\":\"decline\"}");
  private static final Identity ANN =
      new Identity(new UserId(UUID.randomUUID()), "ann@example.com", "user", Set.of());

  private final Sessions sessions =
      new Sessions(GatewayConfig.DEFAULTS.session(), InstantSource.system());
  private final Flights flights = new Flights(Duration.ofMinutes(1));
  private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
  private final AtomicBoolean allowed = new AtomicBoolean(true);

  @AfterEach
  void stop() {
    flights.close();
  }

  private Flight launch(Flights in, Flights.Work work) {
    Session session =
        sessions.single(
            ANN,
            ProtocolVersion.V2026_07_28,
            Session.Client.UNKNOWN,
            ClientCapabilities.NONE,
            Optional.empty(),
            Optional.empty());
    return in.launch(session, ID, allowed::get, RecordingCaller.mute(), work);
  }

  /// One that is made again, with what is known of it.
  private Flight again(RawJson history, Map<String, RawJson> answers, Flights.Work work) {
    History known = History.read(history);
    known.answered(answers);
    return launch(flights, 1, Optional.of(known), work);
  }

  private Flight launch(Flights in, int round, Optional<History> history, Flights.Work work) {
    Session session =
        sessions.single(
            ANN,
            ProtocolVersion.V2026_07_28,
            Session.Client.UNKNOWN,
            ClientCapabilities.NONE,
            Optional.empty(),
            Optional.empty());
    return in.launch(session, ID, allowed::get, RecordingCaller.mute(), round, history, work);
  }

  private static InputRequest asked(String key, String message) {
    try {
      return new InputRequest(
          key,
          "elicitation/create",
          MessageReader.readObject(
              RawJson.of(
                  "{\"message\":\"%s\",\"elicitationId\":\"%s\"}"
                      .formatted(message, UUID.randomUUID()))));
    } catch (MalformedMessage e) {
      throw new IllegalStateException(e);
    }
  }

  private static Answer askOneByOne(Caller caller, String... messages) throws InterruptedException {
    var given = new StringJoiner(",", "[", "]");
    for (String message : messages) {
      if (caller.ask(List.of(asked("x", message))).get("x")
          instanceof InputRequest.Answer.Given(var answer)) {
        given.add(answer.toString());
      }
    }
    return new Answer.Result(RawJson.of("{\"given\":" + given + "}"));
  }

  @Test
  void madeAgainItAsksOnlyWhatHadNoAnswer() throws InterruptedException {
    Flight first =
        launch(flights, 0, Optional.of(new History()), caller -> askOneByOne(caller, "a", "b"));
    assertThat(asking(first).round()).isEqualTo(1);
    first.resume(1, Map.of("elicitation-1", YES), RecordingCaller.mute());
    RawJson history = asking(first).history().orElseThrow();

    Flight again = again(history, Map.of(), caller -> askOneByOne(caller, "a", "b", "c"));

    Landing.Asking rest = asking(again);
    assertThat(rest.questions()).extracting(InputRequest::key).containsExactly("elicitation-2");
    assertThat(rest.round()).isEqualTo(2);
    again.resume(2, Map.of("elicitation-2", NO), RecordingCaller.mute());
    Landing.Asking more = asking(again);
    assertThat(more.questions()).extracting(InputRequest::key).containsExactly("elicitation-3");
    again.resume(3, Map.of("elicitation-3", YES), RecordingCaller.mute());
    assertThat(again.await())
        .isEqualTo(
            new Landing.Answered(
                new Answer.Result(RawJson.of("{\"given\":[" + YES + "," + NO + "," + YES + "]}"))));
  }

  @Test
  void madeAgainItIsLostIfItAsksSomethingElse() throws InterruptedException {
    Flight first =
        launch(flights, 0, Optional.of(new History()), caller -> askOneByOne(caller, "a"));
    RawJson history = asking(first).history().orElseThrow();

    Flight again =
        again(history, Map.of("elicitation-1", YES), caller -> askOneByOne(caller, "other"));

    assertThat(again.await())
        .isInstanceOfSatisfying(
            Landing.Failed.class,
            failed -> assertThat(failed.why()).isInstanceOf(InvalidParams.class));
  }

  @Test
  void whatIsTooLongToBeKeptIsNotMadeAgain() throws InterruptedException {
    Flight flight =
        launch(flights, 0, Optional.of(new History()), caller -> askOneByOne(caller, "a", "b"));
    assertThat(asking(flight).history()).isPresent();
    RawJson large = RawJson.of("{\"text\":\"" + "x".repeat(History.LONGEST) + "\"}");

    flight.resume(1, Map.of("elicitation-1", large), RecordingCaller.mute());

    assertThat(asking(flight).history()).isEmpty();
  }

  @Test
  void whatMayNotBeMadeAgainIsNotRemembered() throws InterruptedException {
    Flight flight = launch(flights, caller -> ask(caller, "a"));

    assertThat(asking(flight).history()).isEmpty();
  }

  private static InputRequest question(String key) {
    return new InputRequest(key, "elicitation/create", JsonObject.EMPTY);
  }

  private Answer ask(Caller caller, String... keys) throws InterruptedException {
    try {
      Map<String, InputRequest.Answer> answers =
          caller.ask(List.of(keys).stream().map(FlightsTest::question).toList());
      return new Answer.Result(RawJson.of("{\"answers\":" + answers.size() + "}"));
    } catch (InterruptedException e) {
      heard.add("interrupted");
      throw e;
    }
  }

  private static Landing.Asking asking(Flight flight) throws InterruptedException {
    Landing landing = flight.await();
    assertThat(landing).isInstanceOf(Landing.Asking.class);
    return (Landing.Asking) landing;
  }

  private void assertHeard(String what) throws InterruptedException {
    assertThat(heard.poll(15, TimeUnit.SECONDS)).isEqualTo(what);
  }

  @Test
  void asksTogetherWhatIsAskedAtOnce() throws InterruptedException {
    Flight flight = launch(flights, caller -> ask(caller, "a", "b"));

    Landing.Asking asked = asking(flight);

    assertThat(asked.round()).isEqualTo(1);
    assertThat(asked.questions())
        .extracting(InputRequest::key)
        .containsExactly("elicitation-1", "elicitation-2");
    flight.resume(1, Map.of("elicitation-1", YES), RecordingCaller.mute());
    Landing.Asking rest = asking(flight);
    assertThat(rest.round()).isEqualTo(2);
    assertThat(rest.questions()).extracting(InputRequest::key).containsExactly("elicitation-2");
    flight.resume(2, Map.of("elicitation-2", YES), RecordingCaller.mute());
    assertThat(flight.await()).isInstanceOf(Landing.Answered.class);
    assertThat(flights.count()).isZero();
  }

  @Test
  void whoIsToStopWaitsForThoseThereAreAndTakesNoMore() throws InterruptedException {
    Flight flight = launch(flights, caller -> ask(caller, "a"));
    asking(flight);
    Thread draining = Thread.ofVirtual().start(() -> drain(Duration.ofMinutes(5)));
    UpstreamFixtures.await(() -> draining.getState() == Thread.State.TIMED_WAITING);

    Flight late = launch(flights, caller -> ask(caller, "b"));
    assertThat(late.await()).isInstanceOf(Landing.Failed.class);
    assertHeard("interrupted");
    assertThat(draining.isAlive()).isTrue();
    flight.resume(1, Map.of("elicitation-1", YES), RecordingCaller.mute());

    assertThat(flight.await()).isInstanceOf(Landing.Answered.class);
    assertThat(draining.join(Duration.ofSeconds(20))).isTrue();
  }

  private void drain(Duration patience) {
    try {
      flights.drain(patience);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void whoIsToStopWaitsOnlySoLong() throws InterruptedException {
    Flight flight = launch(flights, caller -> ask(caller, "a"));
    asking(flight);

    flights.drain(Duration.ofMillis(20));

    assertThat(flights.count()).isOne();
    flights.close();
    assertHeard("interrupted");
  }

  @Test
  void onlyTheLastRoundCountsAndOnce() throws InterruptedException {
    Flight flight = launch(flights, caller -> ask(caller, "a"));
    asking(flight);

    assertThatThrownBy(() -> flight.resume(0, Map.of(), RecordingCaller.mute()))
        .isInstanceOf(InvalidParams.class);
    flight.resume(1, Map.of(), RecordingCaller.mute());

    assertThatThrownBy(() -> flight.resume(1, Map.of(), RecordingCaller.mute()))
        .isInstanceOf(InvalidParams.class);
  }

  @Test
  void keepsTheOutcomeForWhoComesBack() throws InterruptedException {
    var impatient = new CountDownLatch(1);
    Flight flight =
        launch(
            flights,
            caller -> {
              Thread asking = Thread.ofVirtual().start(() -> askAndForget(caller));
              impatient.await();
              asking.interrupt();
              throw new UpstreamFailed("web", "did not want to wait");
            });
    asking(flight);
    impatient.countDown();
    assertHeard("interrupted");

    assertThat(flights.find(flight.id(), ANN.user())).contains(flight);
    flight.resume(1, Map.of("elicitation-1", YES), RecordingCaller.mute());
    assertThat(flight.await()).isInstanceOf(Landing.Failed.class);
  }

  private void askAndForget(Caller caller) {
    try {
      Answer _ = ask(caller, "a");
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void whatIsSaidMeanwhileIsKeptForWhoComesBack() throws InterruptedException {
    assertThat(heardOnReturn(60, "")).hasSize(50);
  }

  @Test
  void ofLargeMessagesFewerAreKept() throws InterruptedException {
    assertThat(heardOnReturn(60, "x".repeat(100_000))).hasSize(2);
  }

  private List<String> heardOnReturn(int messages, String text) throws InterruptedException {
    var said = new CountDownLatch(1);
    Flight flight =
        launch(
            flights,
            caller -> {
              Thread.ofVirtual()
                  .start(() -> {
                    while (flights.count() == 0) {
                      Thread.onSpinWait();
                    }
                    for (int i = 1; i <= messages; i++) {
                      caller.progress(
                          RawJson.of("{\"progress\":%d,\"message\":\"%s\"}".formatted(i, text)));
                    }
                    said.countDown();
                  });
              return ask(caller, "a");
            });
    asking(flight);
    assertThat(said.await(15, TimeUnit.SECONDS)).isTrue();
    var next = RecordingCaller.mute();

    flight.resume(1, Map.of("elicitation-1", YES), next);

    assertThat(flight.await()).isInstanceOf(Landing.Answered.class);
    return next.progress();
  }

  @Test
  void noThreadHasToWaitForAnswers() throws InterruptedException {
    BlockingQueue<Map<String, InputRequest.Answer>> given = new LinkedBlockingQueue<>();
    var asked = new CompletableFuture<Caller.Asked>();
    var over = new CountDownLatch(1);
    Flight flight =
        launch(
            flights,
            caller -> {
              Caller.Asked _ = caller.ask(List.of(question("a")), given::add);
              boolean _ = asked.complete(caller.ask(List.of(question("b")), given::add));
              over.await();
              return new Answer.Result(RawJson.EMPTY_OBJECT);
            });
    asking(flight);

    flight.resume(1, Map.of("elicitation-1", YES), RecordingCaller.mute());

    assertThat(given.poll(15, TimeUnit.SECONDS))
        .isEqualTo(Map.of("a", new InputRequest.Answer.Given(YES)));
    assertThat(asking(flight).questions())
        .extracting(InputRequest::key)
        .containsExactly("elicitation-2");
    asked.join().takeBack();
    asked.join().takeBack();
    assertThat(given.poll(15, TimeUnit.SECONDS)).isEmpty();
    over.countDown();
    flight.resume(2, Map.of(), RecordingCaller.mute());
    assertThat(flight.await()).isInstanceOf(Landing.Answered.class);
    assertThat(given).isEmpty();
  }

  @Test
  void endsWhenItsTimeIsOver() throws InterruptedException {
    try (var hasty = new Flights(Duration.ofSeconds(4))) {
      Flight flight =
          launch(
              hasty,
              caller -> {
                var given = caller.ask(List.of(question("a"))).get("a");
                heard.add(String.valueOf(given).contains("cancel") ? "cancel" : "else");
                return new Answer.Result(RawJson.EMPTY_OBJECT);
              });
      asking(flight);

      assertHeard("cancel");
      assertThat(hasty.find(flight.id(), ANN.user())).isEmpty();
      assertThatThrownBy(() -> flight.resume(1, Map.of(), RecordingCaller.mute()))
          .isInstanceOf(InvalidParams.class);
    }
  }

  @Test
  void endsWhenItsCallerMayNoLongerHaveIt() throws InterruptedException {
    Flight flight = launch(flights, caller -> ask(caller, "a"));
    asking(flight);

    allowed.set(false);
    sessions.recheck();

    assertHeard("interrupted");
    UpstreamFixtures.await(() -> flights.find(flight.id(), ANN.user()).isEmpty());
  }

  @Test
  void endsWhenItsUserIsDisconnected() throws InterruptedException {
    Flight flight = launch(flights, caller -> ask(caller, "a"));
    asking(flight);

    int _ = sessions.endAll(ANN.user());

    assertHeard("interrupted");
    UpstreamFixtures.await(() -> flights.find(flight.id(), ANN.user()).isEmpty());
  }

  @Test
  void isFoundByItsOwnUserOnly() throws InterruptedException {
    Flight flight = launch(flights, caller -> ask(caller, "a"));
    asking(flight);

    assertThat(flights.find(flight.id(), new UserId(UUID.randomUUID()))).isEmpty();
  }

  @Test
  void asksOnlySoOften() throws InterruptedException {
    Flight flight =
        launch(
            flights,
            caller -> {
              while (true) {
                Answer _ = ask(caller, "a");
              }
            });
    for (int round = 1; round <= Flight.MOST_ROUNDS; round++) {
      Landing.Asking asked = asking(flight);
      flight.resume(round, Map.of(asked.questions().getFirst().key(), YES), RecordingCaller.mute());
    }

    assertThat(flight.await()).isInstanceOf(Landing.Failed.class);
  }
}
