package io.reflow.gateway.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// Clients that ask without a pause, each over one connection, all of them in one thread: it costs
/// a few microseconds a call. Each answer is compared byte by byte with the right one.
final class Load {

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Selector selector;
  private final Latencies latencies = new Latencies();
  private long from;
  private long to;
  private long asked;
  private int asking;

  private Load(Selector selector) {
    this.selector = selector;
  }

  /// Asks over so many connections. What happens in the first fifth of the time does not count.
  ///
  /// @throws IllegalStateException when an answer is wrong, or missing at the end
  static Sample run(Way way, int connections, Duration measured) {
    try (Selector selector = Selector.open()) {
      return new Load(selector).drive(way, connections, measured);
    } catch (IOException e) {
      throw new UncheckedIOException(way.name(), e);
    }
  }

  private Sample drive(Way way, int connections, Duration measured) throws IOException {
    var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), way.server().port());
    List<LoadConnection> all = new ArrayList<>();
    Duration cpuBefore = way.server().cpu();
    Duration databaseBefore = way.database().get();
    try {
      for (int i = 0; i < connections; i++) {
        all.add(new LoadConnection(this, way.name(), way.questions().apply(i), address));
      }
      from = System.nanoTime() + measured.toNanos() / 5;
      to = from + measured.toNanos();
      for (LoadConnection connection : all) {
        connection.begin(selector);
        asking++;
      }
      serve();
    } finally {
      for (LoadConnection connection : all) {
        connection.close();
      }
    }
    return new Sample(
        measured,
        latencies,
        asked,
        way.server().cpu().minus(cpuBefore),
        way.database().get().minus(databaseBefore));
  }

  private void serve() throws IOException {
    while (asking > 0) {
      selector.select(
          key -> {
            if (key.attachment() instanceof LoadConnection connection) {
              connection.read();
            }
          },
          100);
      if (System.nanoTime() - to > PATIENCE.toNanos()) {
        throw new IllegalStateException("%d answers did not come".formatted(asking));
      }
    }
  }

  /// An answer is there.
  ///
  /// @return whether to ask again
  boolean answered(long askedAt, long now) {
    if (now >= from && now < to) {
      latencies.add(now - askedAt);
    }
    asked++;
    boolean more = now < to;
    if (!more) {
      asking--;
    }
    return more;
  }
}
