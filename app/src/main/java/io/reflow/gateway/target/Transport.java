package io.reflow.gateway.target;

import java.net.URI;
import java.util.List;
import java.util.Optional;

/// How the gateway reaches a target. Each transport carries its own settings and no other's.
public sealed interface Transport {

  record StreamableHttp(URI url) implements Transport {}

  /// The older way over HTTP: one event stream for all answers, and POSTs to where it says.
  record Sse(URI url) implements Transport {}

  /// A child process.
  ///
  /// @param tty whether it finds a terminal where others have pipes
  record Stdio(String command, List<String> arguments, boolean tty) implements Transport {

    public Stdio {
      arguments = List.copyOf(arguments);
    }

    /// Over pipes.
    public Stdio(String command, List<String> arguments) {
      this(command, arguments, false);
    }
  }

  /// A pod for those who share an instance, made and looked after by the operator.
  record Kubernetes(Pod pod) implements Transport {}

  /// Where it is reached, if that is over the network and an admin says where.
  default Optional<URI> address() {
    return switch (this) {
      case StreamableHttp(var url) -> Optional.of(url);
      case Sse(var url) -> Optional.of(url);
      case Stdio _, Kubernetes _ -> Optional.empty();
    };
  }

  /// Whether its instances run only while they are used: nothing else keeps them running.
  default boolean onDemand() {
    return switch (this) {
      case StreamableHttp _, Sse _ -> false;
      case Stdio _, Kubernetes _ -> true;
    };
  }

  default String wireName() {
    return switch (this) {
      case StreamableHttp _ -> "streamable-http";
      case Sse _ -> "sse";
      case Stdio _ -> "stdio";
      case Kubernetes _ -> "kubernetes";
    };
  }
}
