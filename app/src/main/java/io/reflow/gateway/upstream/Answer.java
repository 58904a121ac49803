package io.reflow.gateway.upstream;

import io.reflow.gateway.protocol.RawJson;

/// What a target answered: the bytes of its `result` or `error` member, unchanged and validated.
public sealed interface Answer {

  /// It went well.
  ///
  /// @param stateless whether it is in the form of the stateless era
  record Result(RawJson result, boolean stateless) implements Answer {

    /// A result in the form of the `initialize` era.
    public Result(RawJson result) {
      this(result, false);
    }
  }

  record Failure(RawJson error) implements Answer {}
}
