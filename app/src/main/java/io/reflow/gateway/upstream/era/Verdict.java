package io.reflow.gateway.upstream.era;

import io.reflow.gateway.upstream.ServerFacts;

/// What a target's answer to `server/discover` says of its era. Where it says nothing there is no
/// verdict but a failure.
public sealed interface Verdict {

  /// It speaks the stateless era, and this is what it said of itself.
  record Stateless(ServerFacts facts) implements Verdict {}

  /// It does not: `initialize` is to be tried.
  record Initialize() implements Verdict {}

  default Era era() {
    return switch (this) {
      case Stateless _ -> Era.STATELESS;
      case Initialize() -> Era.INITIALIZE;
    };
  }
}
