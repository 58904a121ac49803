package io.reflow.gateway.replica;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Asks all other replicas the same, at once.
public final class Inquiry {

  private static final Duration PATIENCE = Duration.ofSeconds(3);
  private static final int LONGEST = 8 << 20;
  private static final int OK = 200;

  private final Forwarder forwarder;
  private final Replicas replicas;

  public Inquiry(Forwarder forwarder, Replicas replicas) {
    this.forwarder = forwarder;
    this.replicas = replicas;
  }

  /// What the others say.
  ///
  /// @param unanswered how many did not, in time or at all
  public record Answers(List<byte[]> bodies, int unanswered) {}

  /// Sends a `GET` with the caller's own token to each.
  public Answers get(String path, String authorization) throws InterruptedException {
    var head = new Seal.Head("GET", path, Map.of("authorization", authorization));
    List<byte[]> bodies = new ArrayList<>();
    List<Replica> others = replicas.others();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Optional<byte[]>>> asked = new ArrayList<>();
      for (Replica other : others) {
        asked.add(threads.submit(() -> ask(other, head)));
      }
      for (Future<Optional<byte[]>> each : asked) {
        answer(each).ifPresent(bodies::add);
      }
    }
    return new Answers(bodies, others.size() - bodies.size());
  }

  private static Optional<byte[]> answer(Future<Optional<byte[]>> asked)
      throws InterruptedException {
    try {
      return asked.get();
    } catch (ExecutionException _) {
      return Optional.empty();
    }
  }

  private Optional<byte[]> ask(Replica other, Seal.Head head) throws InterruptedException {
    try (Passage passage = forwarder.send(other, head, new byte[0]);
        var reading = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Optional<byte[]>> body = reading.submit(() -> read(passage));
      try {
        return body.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      } catch (ExecutionException | TimeoutException _) {
        return Optional.empty();
      } finally {
        passage.breakOff();
      }
    }
  }

  private static Optional<byte[]> read(Passage passage) throws IOException, InterruptedException {
    HttpResponse<InputStream> answer = passage.answer();
    return answer.statusCode() == OK
        ? Optional.of(answer.body().readNBytes(LONGEST))
        : Optional.empty();
  }
}
