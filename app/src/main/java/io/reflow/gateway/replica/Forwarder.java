package io.reflow.gateway.replica;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// Passes requests on to other replicas. The caller's token goes along: the other replica finds out
/// itself whose it is.
public final class Forwarder implements AutoCloseable {

  private static final Duration CONNECT = Duration.ofSeconds(2);

  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("replica-http-", 0).factory());
  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .followRedirects(HttpClient.Redirect.NEVER)
          .connectTimeout(CONNECT)
          .executor(threads)
          .build();
  private final Seal seal;
  private final Map<Passage, Long> underWay = new ConcurrentHashMap<>();

  /// @param replicas tells of deaths: who waits for a dead replica stops waiting
  public Forwarder(Seal seal, Replicas replicas) {
    this.seal = seal;
    replicas.onDeath(this::breakOff);
  }

  /// Sends a request on its way; the passage is to be closed.
  ///
  /// @throws IllegalArgumentException when a header can't be passed on
  public Passage send(Replica to, Seal.Head head, byte[] body) {
    var passage = new Passage(underWay::remove);
    HttpRequest request = request(to, head, body, passage);
    underWay.put(passage, to.epoch());
    passage.start(answer -> exchange(request, answer));
    return passage;
  }

  private void exchange(HttpRequest request, CompletableFuture<HttpResponse<InputStream>> answer) {
    try {
      HttpResponse<InputStream> response = client.send(request, BodyHandlers.ofInputStream());
      if (!answer.complete(response)) {
        response.body().close();
      }
    } catch (IOException | RuntimeException e) {
      answer.completeExceptionally(e);
    } catch (InterruptedException e) {
      answer.completeExceptionally(e);
      Thread.currentThread().interrupt();
    }
  }

  private HttpRequest request(Replica to, Seal.Head head, byte[] body, Passage passage) {
    // Not resolved: a path that is an address itself would lead elsewhere.
    URI uri = URI.create(to.address().orElseThrow() + head.path());
    HttpRequest.Builder request = HttpRequest.newBuilder(uri);
    head.headers().forEach(request::setHeader);
    return request
        .setHeader(Seal.HEADER, seal.seal(to.epoch(), head, body))
        .method(head.method(), passage.body(body))
        .build();
  }

  private void breakOff(Replica dead) {
    underWay.forEach((passage, epoch) -> {
      if (epoch == dead.epoch()) {
        passage.breakOff();
      }
    });
  }

  /// Breaks all passages off.
  @Override
  public void close() {
    client.shutdownNow();
    threads.shutdownNow();
  }
}
