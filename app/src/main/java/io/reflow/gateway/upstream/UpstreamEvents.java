package io.reflow.gateway.upstream;

import io.reflow.gateway.instance.InstanceEvents;
import io.reflow.gateway.target.Target;
import java.time.Duration;

/// Hears how targets answer, to count it. Must not block.
public interface UpstreamEvents {

  /// A call is over.
  void call(Target target, String method, Outcome outcome, Duration taken);

  /// The target was reached, or not.
  void contact(Target target, boolean reached);

  /// Who hears what becomes of instances.
  ///
  /// @param kind `process`, `connection` or `pod`
  InstanceEvents instances(String kind);

  /// How a call has ended.
  enum Outcome {
    ANSWERED("answered"),
    /// The target has answered with an error.
    ERROR("error"),
    /// There was no answer.
    FAILED("failed"),
    CANCELLED("cancelled");

    private final String word;

    Outcome(String word) {
      this.word = word;
    }

    public String word() {
      return word;
    }
  }

  /// For who does not want to know.
  UpstreamEvents NONE =
      new UpstreamEvents() {
        @Override
        public void call(Target target, String method, Outcome outcome, Duration taken) {}

        @Override
        public void contact(Target target, boolean reached) {}

        @Override
        public InstanceEvents instances(String kind) {
          return InstanceEvents.NONE;
        }
      };
}
