package io.reflow.gateway.identity;

import java.util.Optional;
import java.util.UUID;

/// Names a login token (its `jti`), beginning with the user's login generation it was issued in.
record LoginId(int generation, String text) {

  static LoginId next(int generation) {
    return new LoginId(generation, generation + "." + UUID.randomUUID());
  }

  static Optional<LoginId> parse(String text) {
    int dot = text.indexOf('.');
    if (dot < 1) {
      return Optional.empty();
    }
    try {
      return Optional.of(new LoginId(Integer.parseInt(text, 0, dot, 10), text));
    } catch (NumberFormatException _) {
      return Optional.empty();
    }
  }

  @Override
  public String toString() {
    return text;
  }
}
