package io.reflow.gateway.instance;

/// Knows how to start one instance. Asked only when none is running.
public interface Starter<T extends Instance> {

  /// The target's name, for messages and threads.
  String target();

  /// Equal recipes make equal instances: one that runs from another recipe is replaced.
  Object recipe();

  /// Blocks until the instance can serve, for a bounded time.
  ///
  /// @param lines takes what the instance has to say on its error output
  /// @throws io.reflow.gateway.fault.GatewayException when it can't; nothing is left running then
  T start(LastLines lines) throws InterruptedException;
}
