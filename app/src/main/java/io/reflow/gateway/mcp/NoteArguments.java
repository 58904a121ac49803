package io.reflow.gateway.mcp;

import io.reflow.gateway.audit.ArgumentDigest;
import io.reflow.gateway.audit.Bodies;
import io.reflow.gateway.mcp.Call.Candidate;
import io.reflow.gateway.protocol.Message;

/// Notes with which arguments something of a target is asked for, before it is decided whether the
/// caller may: the row of a denied call tells them like any other.
final class NoteArguments implements Stage<Call.Routed, Call.Routed> {

  private final ArgumentDigest digest;
  private final Bodies bodies;

  NoteArguments(ArgumentDigest digest, Bodies bodies) {
    this.digest = digest;
    this.bodies = bodies;
  }

  @Override
  public Call.Routed apply(Call.Routed call) {
    if (call.way() instanceof Way.One<Candidate>
        && call.call().message().orElse(null) instanceof Message.Request request) {
      request
          .params()
          .value("arguments")
          .ifPresent(arguments -> {
            call.trail().argumentsDigest(digest.of(arguments));
            call.trail().arguments(bodies.arguments(arguments));
          });
    }
    return call;
  }
}
