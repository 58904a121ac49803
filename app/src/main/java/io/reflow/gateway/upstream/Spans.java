package io.reflow.gateway.upstream;

import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.telemetry.SpanFacts;
import java.net.URI;

/// What spans say of the target that is called.
///
/// See <https://opentelemetry.io/docs/specs/semconv/gen-ai/mcp/>
public final class Spans {

  private Spans() {}

  /// Who the target is and how it is reached. The path and query of an address may hold secrets.
  public static void describe(SpanFacts facts, Target target) {
    facts.text("reflow.target", target.name());
    switch (target.transport()) {
      case Transport.Stdio _ -> facts.text("network.transport", "pipe");
      case Transport.StreamableHttp(var url) -> address(facts, url);
      case Transport.Sse(var url) -> address(facts, url);
      case Transport.Kubernetes _ ->
          facts.text("network.transport", "tcp").text("network.protocol.name", "http");
    }
  }

  private static void address(SpanFacts facts, URI url) {
    facts.text("network.transport", "tcp").text("network.protocol.name", "http");
    facts.text("server.address", url.getHost() == null ? "" : url.getHost());
    if (url.getPort() >= 0) {
      var _ = facts.number("server.port", url.getPort());
    }
  }
}
