package io.reflow.gateway.instance;

import java.time.Duration;

/// Hears what becomes of instances, to count it. Must not block.
public interface InstanceEvents {

  /// A start is over.
  ///
  /// @param again whether it was to take the place of one that crashed or did not start
  void start(String target, boolean started, boolean again, Duration taken);

  /// An instance has ended without being told to.
  void crash(String target);

  /// For who does not want to know.
  InstanceEvents NONE =
      new InstanceEvents() {
        @Override
        public void start(String target, boolean started, boolean again, Duration taken) {}

        @Override
        public void crash(String target) {}
      };
}
