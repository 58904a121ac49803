package io.reflow.gateway.policy;

import com.google.re2j.PatternSyntaxException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// How large a pattern becomes once its counted repetitions are written out, which is what the
/// compiler does: a short pattern can need all memory there is.
final class PatternSize {

  private static final long MOST = 10_000;

  private static final Pattern COUNT = Pattern.compile("\\{(\\d{1,9})(?:,(\\d{0,9}))?}");
  private static final Pattern QUOTED = Pattern.compile("\\\\Q.*?(?:\\\\E|$)", Pattern.DOTALL);
  private static final Pattern ESCAPED =
      Pattern.compile("\\\\(?:[pPx]\\{[^}]*}|.)", Pattern.DOTALL);
  private static final Pattern CHARACTER_CLASS =
      Pattern.compile(
          "\\[\\^?]?(?:\\[:\\^?[a-z]+:]|\\\\(?:[pPx]\\{[^}]*}|.)|[^]\\\\])*+]", Pattern.DOTALL);

  private final String pattern;
  private final Deque<Long> open = new ArrayDeque<>();
  private long total;
  private long last;

  private PatternSize(String pattern) {
    this.pattern = pattern;
  }

  /// Refuses a pattern that becomes too large.
  ///
  /// @throws PatternSyntaxException saying so
  static void check(String pattern) {
    new PatternSize(pattern).check();
  }

  private void check() {
    int at = 0;
    while (at < pattern.length()) {
      at = step(at);
      if (total > MOST || last > MOST) {
        throw new PatternSyntaxException("its repetitions make it too large");
      }
    }
  }

  private int step(int at) {
    return switch (pattern.charAt(at)) {
      case '(' -> {
        open.push(total);
        total = 0;
        last = 0;
        yield at + 1;
      }
      case ')' -> {
        last = total + 2;
        total = last + (open.isEmpty() ? 0 : open.pop());
        yield at + 1;
      }
      case '{' -> repeated(at);
      case '[' -> atom(at, CHARACTER_CLASS, 4);
      case '\\' ->
          pattern.startsWith("\\Q", at)
              ? atom(at, QUOTED, pattern.length() - at)
              : atom(at, ESCAPED, 4);
      default -> plain(at);
    };
  }

  private int atom(int at, Pattern form, int size) {
    Matcher found = form.matcher(pattern).region(at, pattern.length());
    if (!found.lookingAt()) {
      return plain(at);
    }
    last = size;
    total += size;
    return found.end();
  }

  private int plain(int at) {
    last = 1;
    total++;
    return at + 1;
  }

  private int repeated(int at) {
    Matcher count = COUNT.matcher(pattern).region(at, pattern.length());
    if (!count.lookingAt()) {
      return plain(at);
    }
    String most = count.group(2);
    long times = Long.parseLong(count.group(1)) + 1;
    if (most != null && !most.isEmpty()) {
      times = Math.max(times, Long.parseLong(most));
    }
    total += last * (times - 1);
    last *= times;
    return count.end();
  }
}
