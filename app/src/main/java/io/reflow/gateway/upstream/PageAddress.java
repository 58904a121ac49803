package io.reflow.gateway.upstream;

import io.reflow.gateway.protocol.JsonObject;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// Where a target may send a user: to pages nobody on the way can read or replace. What a client
/// opens without looking must be a page at all, not a script or a file.
public final class PageAddress {

  /// The user's own machine: nothing is on the way.
  private static final Set<String> OWN = Set.of("localhost", "127.0.0.1", "[::1]");

  private PageAddress() {}

  /// Whether an elicitation sends the user to a page, and to one that won't do.
  public static boolean unsafe(String method, JsonObject params) {
    return method.equals("elicitation/create")
        && params.text("mode").filter("url"::equals).isPresent()
        && !params.text("url").map(PageAddress::safe).orElse(false);
  }

  public static boolean safe(String address) {
    try {
      URI uri = new URI(address);
      String scheme = Optional.ofNullable(uri.getScheme()).orElse("").toLowerCase(Locale.ROOT);
      String host = Optional.ofNullable(uri.getHost()).orElse("").toLowerCase(Locale.ROOT);
      return switch (scheme) {
        case "https" -> !host.isEmpty();
        case "http" -> OWN.contains(host);
        default -> false;
      };
    } catch (URISyntaxException _) {
      return false;
    }
  }
}
