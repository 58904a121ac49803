package io.reflow.gateway.policy;

import java.util.regex.Pattern;

/// What policies must know of resource URIs: two spellings of one place are two names to a pattern.
public final class ResourceUri {

  /// A path segment of one or two dots, each plain or encoded, with or without parameters.
  private static final Pattern DOT_SEGMENT =
      Pattern.compile("(?i).*[/\\\\:](?:\\.|%2e){1,2}(?:[/\\\\?#;].*|$)", Pattern.DOTALL);

  /// In percent-encoding: dots, slashes, NULs and what never needs it, as well as overlong UTF-8.
  /// Also a percent sign that encodes nothing.
  private static final Pattern ENCODED =
      Pattern.compile(
          "(?i).*%(?:(?:25)*(?:2[def]|3[0-9]|4[1-9a-f]|5[0-9acf]|6[1-9a-f]|7[0-9ae]|00|c[01])"
              + "|(?![0-9a-f]{2})).*",
          Pattern.DOTALL);

  /// Of a local file there is one spelling too: three slashes, and one between segments.
  private static final Pattern ODD_FILE =
      Pattern.compile("file:(?!///(?!/)).*|file:///[^?#]*//.*", Pattern.DOTALL);

  private ResourceUri() {}

  /// Whether the URI may mean another place than its text says: it has dot segments, backslashes,
  /// control characters, a scheme in capitals, or in percent-encoding, however often encoded, what
  /// needs none or steers paths. Such a URI is to be refused unless the target lists exactly this
  /// one.
  public static boolean evasive(String uri) {
    return DOT_SEGMENT.matcher(uri).matches()
        || ENCODED.matcher(uri).matches()
        || oddScheme(uri)
        || ODD_FILE.matcher(uri).matches()
        || uri.chars().anyMatch(c -> c < 0x20 || c == 0x7f || c == '\\');
  }

  /// A scheme has one spelling, in lower case.
  private static boolean oddScheme(String uri) {
    int colon = uri.indexOf(':');
    return uri.chars().limit(Math.max(colon, 0)).anyMatch(c -> (c >= 'A' && c <= 'Z') || c == ' ');
  }
}
