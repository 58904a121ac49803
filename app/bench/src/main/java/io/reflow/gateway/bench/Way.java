package io.reflow.gateway.bench;

import java.time.Duration;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/// One way to ask: a port, and what each connection says there again and again.
///
/// @param database what the processes of the server's database have worked, if it has one
/// @param questions by the number of the connection
record Way(
    String name,
    ServerProcess server,
    Supplier<Duration> database,
    IntFunction<Question> questions) {

  Way(String name, ServerProcess server, IntFunction<Question> questions) {
    this(name, server, () -> Duration.ZERO, questions);
  }
}
