package io.reflow.gateway.policy;

import io.reflow.gateway.target.TargetId;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The rules that concern certain callers at one target, by kind of feature, in the order in which
/// they decide.
final class Chain {

  private final Map<Feature.Kind, List<Rule>> rules = new EnumMap<>(Feature.Kind.class);
  private final Optional<Rule> opener;

  /// @param ordered those that concern the callers
  Chain(List<Rule> ordered, TargetId target) {
    for (Feature.Kind kind : Feature.Kind.values()) {
      rules.put(
          kind,
          ordered.stream().filter(rule -> rule.concerns(target) && rule.concerns(kind)).toList());
    }
    this.opener = rules.values().stream().flatMap(each -> opener(each).stream()).findFirst();
  }

  /// The first rule that matches.
  Optional<Rule> first(Feature.Kind kind, String name) {
    for (Rule rule : rules.getOrDefault(kind, List.of())) {
      if (rule.names().matches(name)) {
        return Optional.of(rule);
      }
    }
    return Optional.empty();
  }

  /// A number that changes with the rules for a kind.
  int stamp(Feature.Kind kind) {
    return rules.getOrDefault(kind, List.of()).stream().map(Rule::policy).toList().hashCode();
  }

  /// A rule that allows something in the target, whatever its name.
  Optional<Rule> opener() {
    return opener;
  }

  private static Optional<Rule> opener(List<Rule> rules) {
    List<NameMatcher> denied = new ArrayList<>();
    for (Rule rule : rules) {
      if (!rule.allows()) {
        denied.add(rule.names());
      } else if (opens(rule.names(), denied)) {
        return Optional.of(rule);
      }
    }
    return Optional.empty();
  }

  /// Whether some name is allowed in spite of the denials above. Exact for texts; for beginnings a
  /// name is really shown, so the answer is never yes where nothing is allowed. A regular
  /// expression counts as open unless a denial above it is the same or denies everything.
  private static boolean opens(NameMatcher allowed, List<NameMatcher> denied) {
    if (allowed instanceof NameMatcher.Expression(var pattern)) {
      return denied.stream()
          .noneMatch(each ->
              each instanceof NameMatcher.Anything
                  || (each instanceof NameMatcher.Expression(var other)
                      && other.pattern().equals(pattern.pattern())));
    }
    return allowed.samples().stream()
        .anyMatch(name -> denied.stream().noneMatch(each -> each.matches(name)));
  }
}
