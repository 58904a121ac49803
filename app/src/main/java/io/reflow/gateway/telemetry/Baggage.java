package io.reflow.gateway.telemetry;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/// Which of the W3C baggage that clients bring along is passed on: what an admin has named, and
/// nothing else.
public final class Baggage {

  // https://www.w3.org/TR/baggage/#limits
  private static final int MOST = 64;
  private static final int LONGEST = 8192;
  private static final Pattern PRINTABLE = Pattern.compile("[\\x20-\\x7e]*");

  private final Set<String> allowed;

  public Baggage(List<String> allowed) {
    this.allowed = Set.copyOf(allowed);
  }

  /// What of `header` may go on; empty where nothing may.
  public String allowed(String header) {
    if (allowed.isEmpty() || header.length() > LONGEST || !PRINTABLE.matcher(header).matches()) {
      return "";
    }
    List<String> kept = new ArrayList<>();
    for (String member : header.split(",", MOST + 1)) {
      int equals = member.indexOf('=');
      if (kept.size() < MOST
          && equals > 0
          && allowed.contains(member.substring(0, equals).strip())) {
        kept.add(member.strip());
      }
    }
    return String.join(",", kept);
  }
}
