package io.reflow.gateway.audit;

import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Names a checkpoint and what it says: its number and its signature. As text, `17.c2lnbmF0dXJl`,
/// it is what goes to the log and comes back from an auditor.
record CheckpointId(long number, ChainSeal seal) {

  private static final Pattern TEXT = Pattern.compile("(\\d{1,18})\\.([A-Za-z0-9_-]{48})");

  String text() {
    return number + "." + Base64.getUrlEncoder().withoutPadding().encodeToString(signature());
  }

  static Optional<CheckpointId> parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    return matcher.matches()
        ? Optional.of(
            new CheckpointId(
                Long.parseLong(matcher.group(1)), Base64.getUrlDecoder().decode(matcher.group(2))))
        : Optional.empty();
  }

  CheckpointId(long number, byte[] signature) {
    this(number, new ChainSeal(signature));
  }

  byte[] signature() {
    return seal.bytes();
  }
}
