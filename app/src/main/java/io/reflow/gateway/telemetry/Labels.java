package io.reflow.gateway.telemetry;

import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/// The values of one label that come from outside: short, printable, and so many at most. What is
/// beyond that counts as [#OTHER].
final class Labels {

  /// How OpenTelemetry calls what has no name of its own.
  static final String OTHER = "_OTHER";

  private static final int LONGEST = 128;
  private static final String CUT = "…";

  private final int most;
  private final Set<String> taken = ConcurrentHashMap.newKeySet();
  private final AtomicInteger places = new AtomicInteger();

  Labels(int most) {
    this.most = most;
  }

  /// The label of a name, which gets a place if there is one left.
  String of(String name) {
    String label = shown(name);
    return taken.contains(label) || take(label) ? label : OTHER;
  }

  /// Takes back the places of all but these names.
  ///
  /// @return the labels that had them
  List<String> keep(Collection<String> names) {
    Set<String> kept = names.stream().map(Labels::shown).collect(Collectors.toSet());
    List<String> gone = taken.stream().filter(label -> !kept.contains(label)).toList();
    gone.forEach(label -> {
      if (taken.remove(label)) {
        places.decrementAndGet();
      }
    });
    return gone;
  }

  private boolean take(String label) {
    if (places.get() >= most) {
      return false;
    }
    if (places.incrementAndGet() > most) {
      places.decrementAndGet();
      return false;
    }
    if (!taken.add(label)) {
      places.decrementAndGet();
    }
    return true;
  }

  /// The name as people may see it: control characters, what turns the direction of writing, and
  /// halves of characters are written as `\u001b`, and what is long is cut. Most names come back as
  /// they are.
  static String shown(String name) {
    int length = Math.min(name.length(), LONGEST);
    for (int i = 0; i < length; i++) {
      if (hostile(name.charAt(i))) {
        return escaped(name);
      }
    }
    return name.length() <= LONGEST ? name : name.substring(0, LONGEST - 1) + CUT;
  }

  /// Pairs of surrogates are none that people need to see in a name.
  private static boolean hostile(char character) {
    return character < ' '
        || (character >= 0x7f
            && (Character.isISOControl(character)
                || Character.isSurrogate(character)
                || Character.getType(character) == Character.FORMAT
                || Character.getType(character) == Character.LINE_SEPARATOR
                || Character.getType(character) == Character.PARAGRAPH_SEPARATOR));
  }

  private static String escaped(String name) {
    StringBuilder shown = new StringBuilder(LONGEST);
    for (int i = 0; i < name.length(); i++) {
      char character = name.charAt(i);
      String next =
          hostile(character) ? "\\u%04x".formatted((int) character) : String.valueOf(character);
      if (shown.length() + next.length() >= LONGEST) {
        return shown.append(CUT).toString();
      }
      shown.append(next);
    }
    return shown.toString();
  }
}
