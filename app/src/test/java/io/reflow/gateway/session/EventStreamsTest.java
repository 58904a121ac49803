package io.reflow.gateway.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.EventStream.Next;
import io.reflow.gateway.session.EventStream.Reading;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class EventStreamsTest {

  private Instant now = Instant.EPOCH;
  private final EventStreams streams = new EventStreams(() -> now);

  @Test
  void aReaderComesBackForWhatItMissed() throws InterruptedException {
    EventStream stream = streams.open(List.of());
    Reading first = stream.read();
    send(stream, "a", "b", "c");
    String seen = ((Next.Event) first.next(Duration.ZERO)).id();
    streams.end(stream);

    assertThat(all(streams.resume(seen).orElseThrow())).containsExactly("b", "c", "end");
    assertThat(first.next(Duration.ZERO)).isInstanceOf(Next.End.class);
  }

  @Test
  void aReaderBeginsWhereTheFirstEventWillBe() throws InterruptedException {
    EventStream stream = streams.open(List.of());
    String start = stream.read().start();
    send(stream, "a");

    assertThat(all(streams.resume(start).orElseThrow())).containsExactly("a");
  }

  /// The id before the first event of a stream.
  private String beginning(int stream) {
    return streams.general().name().replaceFirst("0$", stream + "-0");
  }

  @Test
  void whatAnotherProcessSentIsLost() throws InterruptedException {
    var elsewhere = new EventStreams(() -> now);
    String general = elsewhere.general().name() + "-7";
    String ofRequest = elsewhere.open(List.of()).name() + "-7";
    send(streams.general(), "news");

    try (Reading reading = streams.resume(ofRequest).orElseThrow()) {
      assertThat(reading.next(Duration.ZERO)).isInstanceOf(Next.End.class);
    }
    try (Reading reading = streams.resume(general).orElseThrow()) {
      assertThat(((Next.Event) reading.next(Duration.ZERO)).message()).hasToString("news");
    }
  }

  private static String lastSeen(Reading reading) throws InterruptedException {
    String seen = reading.start();
    while (reading.next(Duration.ZERO) instanceof Next.Event event) {
      seen = event.id();
    }
    return seen;
  }

  @Test
  void whoWaitedForAnAnswerOfAnotherProcessIsToldThatItIsLost() throws InterruptedException {
    var elsewhere = new EventStreams(() -> now);
    EventStream stream = elsewhere.open(List.of(RawJson.of("\"a.b\""), RawJson.of("7")));
    send(stream, "progress");
    assertThat(stream.answer(RawJson.of("7"), RawJson.of("answer"), () -> true)).isTrue();
    Reading before = stream.read();

    String primed = before.start();
    String inTheMiddle = ((Next.Event) before.next(Duration.ZERO)).id();
    String atLast = lastSeen(before);

    for (String seen : List.of(primed, inTheMiddle)) {
      assertThat(all(streams.resume(seen).orElseThrow()))
          .containsExactly(
              LostAnswer.to(RawJson.of("\"a.b\"")).toString(),
              LostAnswer.to(RawJson.of("7")).toString(),
              "end");
    }
    Reading resumed = streams.resume(atLast).orElseThrow();
    Next.Event told = (Next.Event) resumed.next(Duration.ZERO);
    assertThat(told.message()).isEqualTo(LostAnswer.to(RawJson.of("\"a.b\"")));
    assertThat(told.id()).isNotIn(primed, inTheMiddle, atLast);
    assertThat(resumed.next(Duration.ZERO)).isInstanceOf(Next.End.class);

    assertThat(all(streams.resume(told.id()).orElseThrow())).containsExactly("end");
  }

  @Test
  void whoHasTheAnswerIsToldNothing() throws InterruptedException {
    var elsewhere = new EventStreams(() -> now);
    EventStream stream = elsewhere.open(List.of(RawJson.of("7")));
    assertThat(stream.answer(RawJson.of("7"), RawJson.of("answer"), () -> true)).isTrue();

    String seen = lastSeen(stream.read());

    assertThat(all(streams.resume(seen).orElseThrow())).containsExactly("end");
  }

  @Test
  void whatIsNoIdOfARequestIsToldOfNothing() throws InterruptedException {
    String stream = new EventStreams(() -> now).open(List.of()).name();
    for (String forged : List.of("7,8", "{}", "null", "7,\"result\":{}", "1.5")) {
      String id = EventId.of(stream, 3, List.of(RawJson.of(forged)));
      assertThat(all(streams.resume(id).orElseThrow())).as(forged).containsExactly("end");
    }
    assertThat(streams.resume(stream + "-3.!")).isEmpty();
    assertThat(streams.resume(stream + "-" + "9".repeat(30))).isEmpty();
    assertThat(EventId.of(stream, 3, List.of(RawJson.of("\"" + "x".repeat(5000) + "\""))))
        .isEqualTo(stream + "-3");
  }

  @Test
  void idsAreUniqueInTheSessionAndNameTheirStream() throws InterruptedException {
    EventStream one = streams.open(List.of());
    EventStream other = streams.open(List.of());
    send(one, "of one");
    send(other, "of the other");
    send(streams.general(), "of none");

    List<String> ids = new ArrayList<>();
    for (EventStream stream : List.of(one, other, streams.general())) {
      ids.add(((Next.Event) stream.read().next(Duration.ZERO)).id());
    }

    assertThat(ids).doesNotHaveDuplicates();
    assertThat(streams.resume("4711-1")).isEmpty();
    assertThat(streams.resume("nonsense")).isEmpty();
    assertThat(streams.resume("1-x")).isEmpty();
  }

  @Test
  void aReaderThatIsTooSlowLosesItsConnectionAndSendingNeverWaits() throws InterruptedException {
    EventStream stream = streams.open(List.of());
    Reading slow = stream.read();
    for (int i = 0; i < EventStream.MOST_EVENTS + 1; i++) {
      send(stream, "event " + i);
    }

    assertThat(slow.next(Duration.ZERO)).isInstanceOf(Next.End.class);
    assertThat(all(streams.resume(beginning(1)).orElseThrow()))
        .hasSize(EventStream.MOST_EVENTS)
        .startsWith("event 1");
  }

  @Test
  void bytesAreBoundedButTheNewestEventIsAlwaysKept() throws InterruptedException {
    EventStream stream = streams.open(List.of());
    send(stream, "small");
    String large = "x".repeat(EventStream.MOST_BYTES + 1);
    send(stream, large);

    assertThat(all(stream.read())).containsExactly("small", large);

    send(stream, "answer");
    assertThat(all(streams.resume(beginning(1)).orElseThrow())).containsExactly("answer");
  }

  @Test
  void whatEndedLongAgoIsForgotten() {
    EventStream stream = streams.open(List.of());
    send(stream, "a");
    streams.end(stream);
    assertThat(streams.resume(beginning(1))).isPresent().get().satisfies(Reading::close);

    now = now.plus(EventStream.MEMORY).plusSeconds(1);

    assertThat(streams.resume(beginning(1))).isEmpty();
  }

  @Test
  void onlySoManyEndedStreamsAreKept() {
    for (int i = 0; i < 100; i++) {
      now = now.plusMillis(1);
      EventStream stream = streams.open(List.of());
      send(stream, "a");
      streams.end(stream);
    }

    assertThat(streams.resume(beginning(1))).isEmpty();
    assertThat(streams.resume(beginning(100))).isPresent();
  }

  @Test
  void aNewerReaderReplacesTheOlder() throws InterruptedException {
    Reading older = streams.general().read();
    Reading newer = streams.general().read();
    send(streams.general(), "news");

    assertThat(older.next(Duration.ZERO)).isInstanceOf(Next.End.class);
    older.close();
    assertThat(streams.general().connected()).isTrue();
    assertThat(all(newer)).containsExactly("news");
  }

  @Test
  void nothingFollowsTheEnd() throws InterruptedException {
    EventStream stream = streams.open(List.of());
    send(stream, "last");
    streams.end(stream);

    assertThat(stream.send(RawJson.of("late"))).isFalse();
    assertThat(all(stream.read())).containsExactly("last", "end");
  }

  @Test
  void allEndWithTheSession() throws InterruptedException {
    EventStream before = streams.open(List.of());
    streams.end();

    assertThat(all(before.read())).containsExactly("end");
    assertThat(all(streams.open(List.of()).read())).containsExactly("end");
    assertThat(all(streams.general().read())).containsExactly("end");
  }

  private static void send(EventStream stream, String... messages) {
    for (String message : messages) {
      assertThat(stream.send(RawJson.of(message))).isTrue();
    }
  }

  private static List<String> all(Reading reading) throws InterruptedException {
    List<String> all = new ArrayList<>();
    while (true) {
      switch (reading.next(Duration.ZERO)) {
        case Next.Event(var _, var message) -> all.add(message.toString());
        case Next.Silence() -> {
          return all;
        }
        case Next.End() -> {
          all.add("end");
          return all;
        }
      }
    }
  }
}
