package io.reflow.gateway.audit;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import java.util.UUID;

/// A row's place in the order of the audit log; as text it means something to us only.
record AuditCursor(Instant time, UUID replica, long sequence) {

  String text() {
    String plain = "%s %s %d".formatted(time, replica, sequence);
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(plain.getBytes(StandardCharsets.US_ASCII));
  }

  static Optional<AuditCursor> parse(String text) {
    try {
      String plain = new String(Base64.getUrlDecoder().decode(text), StandardCharsets.US_ASCII);
      String[] parts = plain.split(" ", -1);
      return parts.length != 3
          ? Optional.empty()
          : Optional.of(
              new AuditCursor(
                  Instant.parse(parts[0]), UUID.fromString(parts[1]), Long.parseLong(parts[2])));
    } catch (IllegalArgumentException | DateTimeException _) {
      return Optional.empty();
    }
  }
}
