package io.reflow.gateway.bench;

import java.util.function.IntFunction;

/// One way to ask: a port, and what each connection says there again and again.
///
/// @param questions by the number of the connection
record Way(String name, ServerProcess server, IntFunction<Question> questions) {}
