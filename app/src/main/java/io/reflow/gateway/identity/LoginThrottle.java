package io.reflow.gateway.identity;

import io.reflow.gateway.fault.GatewayException.Overloaded;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/// Limits how often a password may be guessed. Counted by account and address together, so that
/// nobody can lock another out.
///
/// Attempts count when they begin: many at once are no way around. Only the latest accounts and
/// addresses are remembered.
final class LoginThrottle {

  private static final Duration WINDOW = Duration.ofMinutes(15);
  private static final int REMEMBERED = 10_000;

  /// Whose password is tried, and from where.
  record Attempt(String account, String address) {

    Attempt {
      address = network(address);
    }

    /// A host has a whole /64 of IPv6 addresses to itself.
    private static String network(String address) {
      try {
        return InetAddress.ofLiteral(address) instanceof Inet6Address six
            ? HexFormat.of().formatHex(Arrays.copyOf(six.getAddress(), 8))
            : address;
      } catch (IllegalArgumentException _) {
        return address;
      }
    }
  }

  private record Count(int attempts, Instant end) {}

  private final int limit;
  private final InstantSource clock;
  private final Map<Attempt, Count> counts = new LinkedHashMap<>();

  /// @param limit how many attempts may fail within a window
  LoginThrottle(int limit, InstantSource clock) {
    this.limit = limit;
    this.clock = clock;
  }

  /// Counts an attempt.
  ///
  /// @throws Overloaded when there were too many, with the time until the next may be made
  synchronized void begin(Attempt attempt) {
    Instant now = clock.instant();
    Count count = counts.remove(attempt);
    if (count == null || !now.isBefore(count.end())) {
      count = new Count(0, now.plus(WINDOW));
    }
    boolean tooMany = count.attempts() >= limit;
    counts.put(attempt, tooMany ? count : new Count(count.attempts() + 1, count.end()));
    forgetOldest();
    if (tooMany) {
      throw new Overloaded(
          "too many failed attempts for this account from this address; try again later",
          Duration.between(now, count.end()));
    }
  }

  /// The password was right: earlier failures are forgotten.
  synchronized void succeeded(Attempt attempt) {
    counts.remove(attempt);
  }

  /// The password was not looked at after all.
  synchronized void withdrawn(Attempt attempt) {
    counts.computeIfPresent(
        attempt,
        (_, count) -> count.attempts() > 1 ? new Count(count.attempts() - 1, count.end()) : null);
  }

  private void forgetOldest() {
    if (counts.size() > REMEMBERED) {
      Iterator<Attempt> oldest = counts.keySet().iterator();
      oldest.next();
      oldest.remove();
    }
  }

  synchronized int remembered() {
    return counts.size();
  }
}
