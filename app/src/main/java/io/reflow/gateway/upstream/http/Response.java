package io.reflow.gateway.upstream.http;

import io.reflow.gateway.protocol.RawJson;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;

/// What a target sends back to one POST of a request. A whole body is there when the exchange is
/// over; an event stream goes on behind it.
sealed interface Response {

  /// What should be the answer; nobody has looked into it yet.
  record Json(RawJson body) implements Response {}

  /// What came with an HTTP status that is no success; nothing where that was too much.
  record Refusal(RawJson body) implements Response {
    private static final Refusal UNREAD = new Refusal(new RawJson(new byte[0], 0, 0));
  }

  /// Events, which are passed on as they come.
  record Events(EventStream stream) implements Response {}

  /// More than a target may answer with.
  enum TooLarge implements Response {
    INSTANCE
  }

  /// Something else, of which nothing was read.
  ///
  /// @param what goes on the sentence "target 'x' ..."
  record Unfit(String what) implements Response {}

  /// Tells responses apart.
  ///
  /// @param heard is told of each part of an answer that comes, by the client's threads
  /// @param events opens a stream's reader
  record Handler(int largest, Runnable heard, Opener events) implements BodyHandler<Response> {

    private static final int LARGEST_REFUSAL = 64 << 10;

    @Override
    public BodySubscriber<Response> apply(HttpResponse.ResponseInfo response) {
      HttpHeaders headers = response.headers();
      long length = headers.firstValueAsLong("Content-Length").orElse(-1);
      if (response.statusCode() / 100 != 2) {
        long expected = Math.min(length, LARGEST_REFUSAL);
        return new Collector(LARGEST_REFUSAL, expected, () -> {}, Refusal::new, Refusal.UNREAD);
      }
      if (headers.firstValue("Content-Encoding").filter(coding -> !isPlain(coding)).isPresent()) {
        return unfit("answered with a compressed body, which it was not asked for");
      }
      return switch (Wire.mediaType(headers)) {
        case "application/json" ->
            new Collector(largest, length, heard, Json::new, TooLarge.INSTANCE);
        case Wire.EVENT_STREAM -> events.open().passingOn();
        default ->
            unfit(
                response.statusCode() == 202
                    ? "took the request for a notification"
                    : "answered with neither JSON nor an event stream");
      };
    }

    private static boolean isPlain(String coding) {
      return coding.isBlank() || coding.equalsIgnoreCase("identity");
    }

    private static BodySubscriber<Response> unfit(String what) {
      return BodySubscribers.replacing(new Unfit(what));
    }
  }

  /// Makes the reader of a stream when there is one.
  @FunctionalInterface
  interface Opener {
    EventStream open();
  }
}
