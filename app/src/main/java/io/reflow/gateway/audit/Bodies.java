package io.reflow.gateway.audit;

import io.reflow.gateway.config.AuditBodiesConfig;
import io.reflow.gateway.config.AuditBodiesConfig.Recorded;
import io.reflow.gateway.protocol.RawJson;
import java.util.Optional;

/// What rows hold of arguments and answers: nothing, unless the configuration says so. What is
/// recorded went through the [Redaction] and is no longer than configured.
public final class Bodies {

  /// In bytes and so in characters too.
  static final int LONGEST = 16 * 1024;

  private final Recorded recorded;
  private final Redaction redaction;

  Bodies(AuditBodiesConfig config) {
    this.recorded = config.record();
    this.redaction = new Redaction(config);
  }

  /// What may be recorded of a request.
  ///
  /// @param arguments the member of that name of a request's parameters
  public Optional<String> arguments(RawJson arguments) {
    return recorded == Recorded.NONE
        ? Optional.empty()
        : Optional.of(redaction.of(arguments, "arguments"));
  }

  /// What may be recorded of an answer.
  ///
  /// @param message a whole response; its `result` or `error` is recorded
  public Optional<String> answer(RawJson message) {
    return recorded == Recorded.ALL ? redaction.ofAnswer(message) : Optional.empty();
  }
}
