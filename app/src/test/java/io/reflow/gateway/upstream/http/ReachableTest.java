package io.reflow.gateway.upstream.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.sun.net.httpserver.HttpServer;
import io.reflow.gateway.target.AddressRules;
import io.reflow.gateway.target.OwnPlaces;
import io.reflow.gateway.target.OwnPlaces.Place;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Connections go to the addresses that were checked, whatever names mean a moment later.
class ReachableTest {

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Map<String, Deque<String>> names = new ConcurrentHashMap<>();
  private final AtomicInteger lookups = new AtomicInteger();
  private final OwnPlaces own = new OwnPlaces(List::of);
  private HttpServer good;
  private HttpServer other;

  @BeforeEach
  void start() throws IOException {
    good = server("127.0.0.1", 0, "good");
    other = server("127.0.0.2", good.getAddress().getPort(), "other");
  }

  private HttpServer server(String address, int port, String says) throws IOException {
    var server = HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral(address), port), 50);
    server.setExecutor(threads);
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            exchange.sendResponseHeaders(200, says.length());
            exchange.getResponseBody().write(says.getBytes(UTF_8));
          }
        });
    server.start();
    return server;
  }

  @AfterEach
  void stop() {
    good.stop(0);
    other.stop(0);
    threads.shutdownNow();
  }

  /// A name that means the next of these whenever it is asked for; the last one for ever.
  private void name(String host, String... addresses) {
    names.put(host, new ArrayDeque<>(List.of(addresses)));
  }

  private InetAddress[] lookup(String host) throws UnknownHostException {
    lookups.incrementAndGet();
    Deque<String> answers = names.get(host);
    if (answers == null) {
      return InetAddress.getAllByName(host);
    }
    synchronized (answers) {
      String answer = answers.size() > 1 ? answers.removeFirst() : answers.getFirst();
      return List.of(answer.split(" ")).stream()
          .map(InetAddress::ofLiteral)
          .toArray(InetAddress[]::new);
    }
  }

  private GuardedClient client(boolean allowPrivate) {
    return new GuardedClient(
        new Reachable(new AddressRules(allowPrivate, own), this::lookup, PATIENCE),
        PATIENCE,
        threads);
  }

  private URI url(String host) {
    return URI.create("http://%s:%d/".formatted(host, good.getAddress().getPort()));
  }

  private static String get(GuardedClient client, URI url)
      throws IOException, InterruptedException {
    return client
        .send(HttpRequest.newBuilder(url).timeout(PATIENCE).build(), BodyHandlers.ofString())
        .body();
  }

  @Test
  void connectsToTheAddressThatWasChecked() throws IOException, InterruptedException {
    name("rebinding.test", "127.0.0.1", "169.254.169.254");

    try (var client = client(true)) {
      assertThat(get(client, url("rebinding.test"))).isEqualTo("good");
      assertThat(get(client, url("REBINDING.test"))).isEqualTo("good");
    }
    assertThat(lookups).hasValue(1);
  }

  @Test
  void nameThatIsSaidToHaveMovedIsLookedForAgain() throws IOException, InterruptedException {
    name("moving.test", "127.0.0.3", "127.0.0.1");

    try (var client = client(true)) {
      URI url = url("moving.test");
      assertThatExceptionOfType(ConnectException.class).isThrownBy(() -> get(client, url));
      client.renew(url);
      assertThat(get(client, url)).isEqualTo("good");
    }
    assertThat(lookups).hasValue(2);
  }

  /// As `127.0.0.2` is where the name leads at the second question, nobody may ask twice.
  @Test
  void answerThatChangesBetweenCheckAndConnectionChangesNothing()
      throws IOException, InterruptedException {
    for (int i = 0; i < 20; i++) {
      name("changing" + i + ".test", "127.0.0.1", "127.0.0.2");
      try (var client = client(true)) {
        assertThat(get(client, url("changing" + i + ".test"))).isEqualTo("good");
      }
    }
  }

  @Test
  void nameOfAnAddressThatNoTargetMayHaveIsRefused() {
    name("metadata.test", "169.254.169.254");
    name("mapped.test", "::ffff:169.254.169.254");
    name("nat64.test", "64:ff9b::a9fe:a9fe");
    name("nowhere.test", "0.0.0.0");

    try (var client = client(true)) {
      for (String host : names.keySet()) {
        assertThatExceptionOfType(Reachable.Refused.class)
            .as(host)
            .isThrownBy(() -> get(client, url(host)))
            .withMessageContaining("no target may have");
      }
      assertThatExceptionOfType(Reachable.Refused.class)
          .isThrownBy(() -> get(client, URI.create("http://169.254.169.254/")));
    }
  }

  @Test
  void privateNetworksAreRefusedWhereTheyAreForbidden() {
    name("inside.test", "127.0.0.1");
    name("inside.test.", "127.0.0.1");

    try (var client = client(false)) {
      for (String host : List.of("inside.test", "inside.test.", "localhost", "127.0.0.1")) {
        assertThatExceptionOfType(Reachable.Refused.class)
            .as(host)
            .isThrownBy(() -> get(client, url(host)))
            .withMessageContaining("upstream.allow-private-networks");
      }
    }
  }

  @Test
  void onlyTheAddressesOfANameThatAreAllowedAreUsed() throws IOException, InterruptedException {
    name("both.test", "169.254.169.254 127.0.0.1");

    try (var client = client(true)) {
      assertThat(get(client, url("both.test"))).isEqualTo("good");
    }
  }

  @Test
  void gatewaysOwnPortIsRefusedUnderEveryName() {
    own.add(new Place("the database", "localhost", good.getAddress().getPort()));
    name("mine.test", "127.0.0.1");

    try (var client = client(true)) {
      for (String host : List.of("mine.test", "localhost", "127.0.0.1", "[::1]")) {
        assertThatExceptionOfType(Reachable.Refused.class)
            .as(host)
            .isThrownBy(() -> get(client, url(host)))
            .withMessageContaining("the database");
      }
    }
  }

  @Test
  void unknownNameSaysSo() {
    try (var client = client(true)) {
      assertThatExceptionOfType(ConnectException.class)
          .isThrownBy(() -> get(client, URI.create("http://no-such-host.invalid/")))
          .withCauseInstanceOf(UnresolvedAddressException.class);
    }
  }

  @Test
  void nameThatIsNotResolvedInTimeHoldsNobodyUp() {
    var never = new CountDownLatch(1);
    Reachable.Names silent =
        _ -> {
          try {
            never.await();
          } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
          }
          throw new UnknownHostException();
        };
    var reachable = new Reachable(UpstreamFixtures.ADDRESSES, silent, Duration.ofMillis(50));

    try (var client = new GuardedClient(reachable, PATIENCE, threads)) {
      assertThatExceptionOfType(ConnectException.class)
          .isThrownBy(() -> get(client, url("silent.test")));
    } finally {
      never.countDown();
    }
  }

  /// The JDK's client sends a GET again over a new connection when an old one turns out to be
  /// closed, on a thread of its own: it must not resolve the name anew, and must not fail.
  @Test
  void repeatedRequestGoesToTheSameAddress() throws IOException, InterruptedException {
    name("repeated.test", "127.0.0.1", "127.0.0.2");
    try (var flaky = new ServerSocket(0, 50, InetAddress.ofLiteral("127.0.0.1"));
        var trap = new ServerSocket(flaky.getLocalPort(), 50, InetAddress.ofLiteral("127.0.0.2"));
        var client = client(true)) {
      var connections = new AtomicInteger();
      var serving =
          threads.submit(() -> {
            while (true) {
              try (Socket socket = flaky.accept()) {
                serve(socket, connections.incrementAndGet() == 1);
              }
            }
          });
      URI url = URI.create("http://repeated.test:" + flaky.getLocalPort() + "/");

      assertThat(get(client, url)).isEqualTo("ok");
      assertThat(get(client, url)).isEqualTo("ok");

      assertThat(connections).hasValue(2);
      trap.setSoTimeout(1);
      assertThatExceptionOfType(SocketTimeoutException.class).isThrownBy(trap::accept);
      serving.cancel(true);
    }
  }

  /// What is refused for a port where nothing was sent says nothing of the others.
  @Test
  void repeatedRequestDoesNotFailForARefusalAtAnotherPort()
      throws IOException, InterruptedException {
    own.add(new Place("the database", "localhost", good.getAddress().getPort()));
    name("both.test", "127.0.0.1");
    try (var flaky = new ServerSocket(0, 50, InetAddress.ofLiteral("127.0.0.1"));
        var client = client(true)) {
      var connections = new AtomicInteger();
      var serving =
          threads.submit(() -> {
            while (true) {
              try (Socket socket = flaky.accept()) {
                serve(socket, connections.incrementAndGet() == 1);
              }
            }
          });
      URI url = URI.create("http://both.test:" + flaky.getLocalPort() + "/");
      assertThatExceptionOfType(Reachable.Refused.class)
          .isThrownBy(() -> get(client, url("both.test")));

      assertThat(get(client, url)).isEqualTo("ok");
      assertThat(get(client, url)).isEqualTo("ok");

      assertThat(connections).hasValue(2);
      serving.cancel(true);
    }
  }

  /// Answers one request; the first connection then takes a second one and hangs up.
  private static void serve(Socket socket, boolean hangUp) throws IOException {
    read(socket);
    socket
        .getOutputStream()
        .write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".getBytes(US_ASCII));
    if (hangUp) {
      read(socket);
    }
  }

  private static void read(Socket socket) throws IOException {
    int ends = 0;
    while (ends < 4) {
      int read = socket.getInputStream().read();
      if (read < 0) {
        return;
      }
      ends = read == '\r' || read == '\n' ? ends + 1 : 0;
    }
  }

  /// What the rest of the gateway resolves, before and after, is none of this.
  @Test
  void onlyConnectionsToTargetsAreConcerned() throws IOException, InterruptedException {
    name("localhost", "169.254.169.254");

    try (var client = client(true)) {
      assertThat(InetAddress.getAllByName("localhost"))
          .contains(InetAddress.ofLiteral("127.0.0.1"));
      assertThatExceptionOfType(Reachable.Refused.class)
          .isThrownBy(() -> get(client, url("localhost")));
      assertThat(InetAddress.getAllByName("localhost"))
          .contains(InetAddress.ofLiteral("127.0.0.1"));
      name("other.test", "127.0.0.1");
      assertThat(get(client, url("other.test"))).isEqualTo("good");
      assertThatExceptionOfType(UnknownHostException.class)
          .isThrownBy(() -> InetAddress.getAllByName("other.test"));
    }
  }

  @Test
  void redirectIsNotFollowed() throws IOException, InterruptedException {
    good.createContext(
        "/away",
        exchange -> {
          try (exchange) {
            exchange.getResponseHeaders().set("Location", url("127.0.0.2").toString());
            exchange.sendResponseHeaders(307, -1);
          }
        });

    try (var client = client(true)) {
      var answer =
          client.send(
              HttpRequest.newBuilder(url("127.0.0.1").resolve("/away")).build(),
              BodyHandlers.ofString());
      assertThat(answer.statusCode()).isEqualTo(307);
      assertThat(answer.body()).isEmpty();
    }
  }
}
