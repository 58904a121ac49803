package io.reflow.gateway.replica;

import java.io.OutputStream;
import java.util.Optional;

/// What became of a request that was to be passed on.
public sealed interface Passed {

  /// The client has its answer, or has left while the other replica was at work.
  record Answered() implements Passed {}

  /// The client has left before the other replica was reached: nobody has worked on the request.
  record Left() implements Passed {}

  /// The other replica could not be reached, or is the wrong one: nobody has worked on the request.
  record Elsewhere() implements Passed {}

  /// The other replica went away while it was at work. The client still waits.
  ///
  /// @param stream the events of the answer, where some may have reached the client already; to be
  ///   closed
  record Lost(Optional<OutputStream> stream) implements Passed {}
}
