package io.reflow.gateway.mcp;

import io.reflow.gateway.fault.GatewayException.MissingCapability;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.upstream.Answer;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/// One call to a target that believes that clients can do everything. Where it asks a stateless
/// client for what that has not declared, the call is over: the client hears what is missing. For
/// the thread that makes it.
final class Demand {

  private final Thread worker = Thread.currentThread();
  private final ReentrantLock lock = new ReentrantLock();
  private Optional<ClientCapabilities> missing = Optional.empty();
  private boolean done;

  /// The call itself.
  @FunctionalInterface
  interface Calling {
    Answer call() throws InterruptedException;
  }

  /// The target asks for what the client can't do.
  void made(ClientCapabilities needed) {
    lock.lock();
    try {
      if (!done && missing.isEmpty()) {
        missing = Optional.of(needed);
        worker.interrupt();
      }
    } finally {
      lock.unlock();
    }
  }

  /// @throws MissingCapability when the target asked for what the client can't do, whatever came of
  ///   it
  Answer during(Calling calling) throws InterruptedException {
    Answer answer;
    try {
      answer = calling.call();
    } catch (InterruptedException | RuntimeException e) {
      end();
      throw e;
    }
    end();
    return answer;
  }

  private void end() {
    Optional<ClientCapabilities> lacking;
    lock.lock();
    try {
      lacking = missing;
      done = true;
    } finally {
      lock.unlock();
    }
    if (lacking.isPresent()) {
      boolean _ = Thread.interrupted();
      throw new MissingCapability(
          "the target asks for what this client has not declared",
          lacking.get().json(ProtocolVersion.V2026_07_28).toString());
    }
  }
}
