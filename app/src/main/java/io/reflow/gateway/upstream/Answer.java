package io.reflow.gateway.upstream;

import io.reflow.gateway.protocol.RawJson;

/// What a target answered: the bytes of its `result` or `error` member, unchanged and validated.
public sealed interface Answer {

  record Result(RawJson result) implements Answer {}

  record Failure(RawJson error) implements Answer {}
}
