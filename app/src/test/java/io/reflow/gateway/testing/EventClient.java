package io.reflow.gateway.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/// A connection on which events arrive, one by one as they come. Closing it breaks the connection.
public final class EventClient implements AutoCloseable {

  private static final long PATIENCE = TimeUnit.MINUTES.toNanos(1);
  private static final Event END = new Event("", "end of the stream", "", 0);

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final HttpResponse<InputStream> response;
  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();

  /// One event as it came; without a field its text is empty.
  public record Event(String id, String name, String data, int retry) {

    public JsonNode json() {
      return TestGateway.parse(data);
    }

    /// What the message in it is about.
    public String method() {
      return data.isEmpty() ? "" : json().path("method").asText();
    }
  }

  private EventClient(HttpRequest request) {
    try {
      response = http.send(request, BodyHandlers.ofInputStream());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
    Thread.ofVirtual().name("event-client").start(this::read);
  }

  /// Opens a stream.
  ///
  /// @param headers names and values in turn
  public static EventClient get(URI uri, String token, String... headers) {
    return new EventClient(request(uri, token, headers).GET().build());
  }

  /// Posts a message whose answer may be a stream.
  public static EventClient post(URI uri, String token, String body, String... headers) {
    return new EventClient(
        request(uri, token, headers)
            .setHeader("Content-Type", "application/json")
            .setHeader("Accept", "application/json, text/event-stream")
            .POST(BodyPublishers.ofString(body))
            .build());
  }

  private static HttpRequest.Builder request(URI uri, String token, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .timeout(Duration.ofMinutes(1))
            .header("Accept", "text/event-stream")
            .header("Authorization", "Bearer " + token);
    for (int i = 0; i < headers.length; i += 2) {
      request.setHeader(headers[i], headers[i + 1]);
    }
    return request;
  }

  public int status() {
    return response.statusCode();
  }

  public Optional<String> header(String name) {
    return response.headers().firstValue(name);
  }

  private void read() {
    try (var lines = new BufferedReader(new InputStreamReader(response.body(), UTF_8))) {
      List<String> fields = new ArrayList<>();
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!line.isEmpty()) {
          fields.add(line);
        } else if (!fields.isEmpty()) {
          events.add(event(fields));
          fields.clear();
        }
      }
    } catch (IOException _) {
      // The connection is gone, which the end tells.
    }
    events.add(END);
  }

  private static Event event(List<String> fields) {
    String retry = field(fields, "retry");
    return new Event(
        field(fields, "id"),
        field(fields, "event"),
        field(fields, "data"),
        retry.isEmpty() ? 0 : Integer.parseInt(retry));
  }

  private static String field(List<String> fields, String name) {
    return fields.stream()
        .filter(line -> line.startsWith(name + ":"))
        .map(line -> line.substring(name.length() + 1).strip())
        .findFirst()
        .orElse("");
  }

  /// The next event; fails when there is none within a minute.
  public Event next() throws InterruptedException {
    return next(System.nanoTime() + PATIENCE);
  }

  private Event next(long deadline) throws InterruptedException {
    Event next = events.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
    if (next == null) {
      throw new AssertionError("no such event came within a minute");
    }
    return next;
  }

  /// The next event like this; others are passed over, keep-alives too, which come as long as the
  /// stream is there. Fails when there is none within a minute.
  public Event next(Predicate<Event> wanted) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE;
    Event next = next(deadline);
    while (!wanted.test(next)) {
      if (next.equals(END)) {
        throw new AssertionError("the stream has ended");
      }
      next = next(deadline);
    }
    return next;
  }

  /// The next message of that method.
  public JsonNode message(String method) throws InterruptedException {
    return next(event -> event.method().equals(method)).json();
  }

  /// The next answer.
  public JsonNode answer() throws InterruptedException {
    return next(event -> event.data().contains("\"result\"") || event.data().contains("\"error\""))
        .json();
  }

  /// The events until the stream ends, which must be within a minute.
  public List<Event> rest() throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE;
    List<Event> rest = new ArrayList<>();
    for (Event next = next(deadline); !next.equals(END); next = next(deadline)) {
      rest.add(next);
    }
    return rest;
  }

  /// Whether nothing is there to be read.
  public boolean silent() {
    return events.isEmpty();
  }

  @Override
  public void close() {
    http.shutdownNow();
    http.close();
  }
}
