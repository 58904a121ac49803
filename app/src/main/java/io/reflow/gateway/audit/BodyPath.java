package io.reflow.gateway.audit;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/// A JSON path of the few kinds that the configuration takes: `.name`, `['name']`, `[2]`, `.*`,
/// `[*]` and `..name`.
record BodyPath(List<Step> steps) {

  private static final Pattern STEP =
      Pattern.compile("\\.\\.([\\w-]+)|\\.([\\w-]+|\\*)|\\[(?:(\\d+|\\*)|'([^']+)')]");

  /// One step, which one element of a place must fit; `anywhere` below the one before.
  record Step(String name, boolean anywhere) {

    boolean fits(String element) {
      return name.equals("*") || name.equals(element);
    }
  }

  BodyPath {
    steps = List.copyOf(steps);
  }

  static BodyPath parse(String text) {
    List<Step> steps = new ArrayList<>();
    STEP.matcher(text)
        .results()
        .forEach(found ->
            steps.add(
                found.group(1) != null
                    ? new Step(found.group(1), true)
                    : new Step(present(found), false)));
    return new BodyPath(steps);
  }

  private static String present(MatchResult found) {
    for (int group = 2; group < found.groupCount(); group++) {
      if (found.group(group) != null) {
        return found.group(group);
      }
    }
    return found.group(found.groupCount());
  }

  /// @param place the names and indexes that lead from the root to a value
  boolean matches(List<String> place) {
    return matches(0, place, 0);
  }

  private boolean matches(int step, List<String> place, int at) {
    if (step == steps.size()) {
      return at == place.size();
    }
    Step next = steps.get(step);
    int last = next.anywhere() ? place.size() - 1 : Math.min(at, place.size() - 1);
    for (int i = at; i <= last; i++) {
      if (next.fits(place.get(i)) && matches(step + 1, place, i + 1)) {
        return true;
      }
    }
    return false;
  }
}
