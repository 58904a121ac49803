package io.reflow.gateway.http;

import io.reflow.gateway.config.ServerConfig;
import java.time.Duration;

/// How long a client may take, in milliseconds: for the headers of a request, for its body, and
/// between two requests; and how many bytes a body may have on the wire.
record Deadlines(long headers, long body, long idle, long maxBodyBytes) {

  /// Chunks of a few bytes each make a body longer on the wire than it is.
  private static final int CHUNKING_OVERHEAD = 2;

  private static final long SPARE_BYTES = 64 << 10;

  static Deadlines of(ServerConfig config) {
    return new Deadlines(
        millis(config.headerTimeout()),
        millis(config.bodyTimeout()),
        millis(config.idleTimeout()),
        config.maxBodySize().bytes() * CHUNKING_OVERHEAD + SPARE_BYTES);
  }

  private static long millis(Duration duration) {
    return Math.max(1, duration.toMillis());
  }
}
