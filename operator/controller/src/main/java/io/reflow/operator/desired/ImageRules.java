package io.reflow.operator.desired;

import java.util.List;
import java.util.Locale;

/// Which images may run: those under a listed prefix, none without a list.
///
/// A prefix ends where a part of an image's name does: `ghcr.io/acme` allows `ghcr.io/acme/jira:1`
/// and not `ghcr.io/acme-evil/jira`. Short names are read as Docker does, so that `node` is
/// `docker.io/library/node`; a registry with a port is listed with a slash, as `registry:5000/`. A
/// `*` alone allows every image.
public record ImageRules(List<String> prefixes) {

  private static final String ALL = "*";
  private static final String HUB = "docker.io";

  public ImageRules {
    prefixes = prefixes.stream().map(ImageRules::prefix).toList();
  }

  public boolean allows(String image) {
    String name = full(image);
    return prefixes.stream().anyMatch(prefix -> prefix.equals(ALL) || isUnder(prefix, name));
  }

  private static boolean isUnder(String prefix, String name) {
    if (!name.startsWith(prefix)) {
      return false;
    }
    if (name.length() == prefix.length()) {
      return true;
    }
    char next = name.charAt(prefix.length());
    // Behind a registry alone a colon would begin a port, which is another registry.
    return next == '/' || (prefix.indexOf('/') > 0 && (next == ':' || next == '@'));
  }

  private static String prefix(String text) {
    if (text.equals(ALL)) {
      return text;
    }
    String plain = text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
    boolean registry = text.indexOf('/') == plain.length() || isRegistry(plain);
    return registry && plain.indexOf('/') < 0 ? plain.toLowerCase(Locale.ROOT) : full(plain);
  }

  private static String full(String image) {
    int slash = image.indexOf('/');
    if (slash < 0) {
      return HUB + "/library/" + image;
    }
    String first = image.substring(0, slash);
    if (!isRegistry(first) && first.indexOf(':') < 0) {
      return HUB + "/" + image;
    }
    return first.toLowerCase(Locale.ROOT) + image.substring(slash);
  }

  private static boolean isRegistry(String first) {
    int dot = first.indexOf('.');
    return (dot >= 0 && dot < (first + ":").indexOf(':'))
        || first.equals("localhost")
        || first.startsWith("localhost:");
  }
}
