package io.reflow.gateway.catalog;

import com.google.re2j.Pattern;

/// A resource template, to tell whether a URI may be one of its expansions. `strict` lets a
/// variable stand for one path segment, `lax` for anything; more literal text means a better match.
record UriTemplate(Pattern strict, Pattern lax, int literalLength) {

  static UriTemplate of(String template) {
    var strict = new StringBuilder();
    var lax = new StringBuilder();
    int literal = 0;
    int at = 0;
    while (at < template.length()) {
      int open = template.indexOf('{', at);
      int close = open < 0 ? -1 : template.indexOf('}', open);
      int end = close < 0 ? template.length() : open;
      String text = Pattern.quote(template.substring(at, end));
      strict.append(text);
      lax.append(text);
      literal += end - at;
      if (close < 0) {
        break;
      }
      strict.append("[^/?#]+");
      lax.append(".+");
      at = close + 1;
    }
    return new UriTemplate(
        Pattern.compile(strict.toString()), Pattern.compile(lax.toString()), literal);
  }
}
