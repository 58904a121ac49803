package io.reflow.gateway.target;

import java.net.URI;
import java.util.List;

/// How the gateway reaches a target. Each transport carries its own settings and no other's.
public sealed interface Transport {

  record StreamableHttp(URI url) implements Transport {}

  record Stdio(String command, List<String> arguments) implements Transport {

    public Stdio {
      arguments = List.copyOf(arguments);
    }
  }

  default String wireName() {
    return switch (this) {
      case StreamableHttp _ -> "streamable-http";
      case Stdio _ -> "stdio";
    };
  }
}
