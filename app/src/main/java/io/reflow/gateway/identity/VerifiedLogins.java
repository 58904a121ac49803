package io.reflow.gateway.identity;

import io.reflow.gateway.identity.LoginTokens.Login;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/// The login tokens whose signature was found good, so that it is checked once for each token.
/// Whether they still count is not said here.
///
/// Bounded by two halves: when the young one is full it becomes the old one, whose entries are gone
/// with the next turn unless they were asked for in the meantime.
final class VerifiedLogins {

  private record Halves(
      ConcurrentMap<TokenDigest, Login> young, ConcurrentMap<TokenDigest, Login> old) {

    Halves turned() {
      return new Halves(new ConcurrentHashMap<>(), young);
    }
  }

  private final int half;
  private volatile Halves halves;

  VerifiedLogins(int capacity) {
    this.half = Math.max(1, capacity / 2);
    this.halves = new Halves(new ConcurrentHashMap<>(), new ConcurrentHashMap<>());
  }

  @Nullable Login find(TokenDigest token) {
    Halves now = halves;
    Login young = now.young().get(token);
    if (young != null) {
      return young;
    }
    Login old = now.old().get(token);
    if (old != null) {
      put(token, old);
    }
    return old;
  }

  void put(TokenDigest token, Login login) {
    if (halves.young().size() >= half) {
      turn();
    }
    halves.young().put(token, login);
  }

  private synchronized void turn() {
    if (halves.young().size() >= half) {
      halves = halves.turned();
    }
  }

  int size() {
    return halves.young().size() + halves.old().size();
  }
}
