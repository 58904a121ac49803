package io.reflow.gateway.instance;

/// Knows how to start one instance. Asked only when none is running.
public interface Starter<T extends Instance> {

  /// The target's name, for messages and threads.
  String target();

  /// Equal recipes make equal instances. With the key it names an instance: no caller is given one
  /// that was made from another recipe than theirs.
  Object recipe();

  /// The starter as it would be made now. An instance whose recipe is no longer that of its renewed
  /// starter is outdated: it is not started any more, and ends with its running calls. Must not
  /// block.
  ///
  /// @throws io.reflow.gateway.fault.GatewayException when there is nothing to be started any more
  default Starter<T> renewed() {
    return this;
  }

  /// Blocks until the instance can serve, for a bounded time.
  ///
  /// @param lines takes what the instance has to say on its error output
  /// @throws io.reflow.gateway.fault.GatewayException when it can't; nothing is left running then
  T start(LastLines lines) throws InterruptedException;
}
