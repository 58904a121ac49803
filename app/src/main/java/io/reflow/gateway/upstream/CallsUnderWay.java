package io.reflow.gateway.upstream;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;

/// The calls that wait for answers over one connection, by the ids that the gateway gave them.
public final class CallsUnderWay {

  private final boolean exclusive;
  private final Map<Long, PendingCall> calls = new ConcurrentHashMap<>();
  private final Map<Long, PendingCall> byToken = new ConcurrentHashMap<>();

  /// @param exclusive all calls come from one user
  public CallsUnderWay(boolean exclusive) {
    this.exclusive = exclusive;
  }

  /// Takes a call in.
  ///
  /// @throws IllegalArgumentException when another call under way has the same progress token
  public void add(long id, PendingCall call) {
    OptionalLong token = call.call().progressToken();
    if (token.isPresent() && byToken.putIfAbsent(token.getAsLong(), call) != null) {
      throw new IllegalArgumentException("another call under way has this progress token");
    }
    calls.put(id, call);
  }

  /// The call of that id, which is taken out.
  public Optional<PendingCall> remove(long id) {
    Optional<PendingCall> removed = Optional.ofNullable(calls.remove(id));
    removed.ifPresent(
        call -> call.call().progressToken().ifPresent(token -> byToken.remove(token, call)));
    return removed;
  }

  public boolean isEmpty() {
    return calls.isEmpty();
  }

  public void failAll(String what) {
    calls.values().forEach(call -> call.breakOff(what));
  }

  /// The call that has this progress token: no two of the gateway's calls have the same.
  public Optional<PendingCall> withToken(OptionalLong token) {
    return token.isEmpty() ? Optional.empty() : Optional.ofNullable(byToken.get(token.getAsLong()));
  }

  /// The call that something belongs to that names none: where all calls are one user's, the only
  /// one, or else the latest that uses a tool. Those of the gateway itself don't count.
  ///
  /// See [associating server
  /// requests](https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#streamable-http).
  Optional<PendingCall> likely() {
    if (!exclusive) {
      return Optional.empty();
    }
    Map<Long, PendingCall> routed = new HashMap<>(calls);
    routed.values().removeIf(call -> call.caller().equals(Caller.SILENT) || call.settled());
    if (routed.size() > 1) {
      routed.values().removeIf(call -> !call.call().method().equals("tools/call"));
    }
    return routed.entrySet().stream().max(Map.Entry.comparingByKey()).map(Map.Entry::getValue);
  }

  /// The only call under way, where all are one user's and it is not the gateway's own.
  public Optional<PendingCall> only() {
    if (!exclusive || calls.size() != 1) {
      return Optional.empty();
    }
    return calls.values().stream().filter(call -> !call.caller().equals(Caller.SILENT)).findFirst();
  }
}
