package io.reflow.gateway.upstream.http;

import io.reflow.gateway.upstream.ServerFacts;
import io.reflow.gateway.upstream.Subscriptions;
import java.util.Optional;

/// A session that a target has opened; servers without memory give it no id.
record HttpSession(Optional<String> id, ServerFacts facts, Subscriptions subscriptions) {

  private static final int LONGEST_ID = 1024;

  /// An id of visible ASCII characters, as the protocol demands, can be sent back in a header.
  static boolean isId(String text) {
    return text.length() <= LONGEST_ID
        && !text.isEmpty()
        && text.chars().allMatch(c -> c > 0x20 && c < 0x7F);
  }
}
