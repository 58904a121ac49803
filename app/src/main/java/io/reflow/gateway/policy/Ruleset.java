package io.reflow.gateway.policy;

import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.target.TargetId;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// All policies at one moment, compiled. Immutable but for its memory of what was worked out
/// before, which is bounded and forgotten with the ruleset.
final class Ruleset {

  /// What counts before the first load.
  static final Ruleset NOT_LOADED = new Ruleset(List.of());

  private static final int MOST_CALLERS = 10_000;
  private static final int MOST_CHAINS = 10_000;
  private static final int MOST_NAMES = 50_000;
  private static final int LONGEST_NAME = 256;

  private final List<Policy> policies;
  private final List<Rule> rules;
  private final boolean sameForAll;
  private final Map<Identity, Selection> callers = new ConcurrentHashMap<>();
  private final Map<BitSet, Selection> selections = new ConcurrentHashMap<>();
  private final Map<Place, Chain> chains = new ConcurrentHashMap<>();
  private final Map<Question, Optional<Rule>> answers = new ConcurrentHashMap<>();

  Ruleset(List<Policy> policies) {
    this.policies = policies.stream().sorted(Policy.ORDER).toList();
    this.rules = this.policies.stream().filter(Policy::enabled).map(Rule::of).toList();
    this.sameForAll = this.policies.stream().filter(Policy::enabled).allMatch(Policy::forAll);
  }

  /// Whether the rules make no difference between callers.
  boolean sameForAll() {
    return sameForAll;
  }

  /// Disabled ones too, in the order in which they decide.
  List<Policy> policies() {
    return policies;
  }

  /// The rule that decides.
  Optional<Rule> first(Identity caller, Feature feature) {
    Chain chain = chain(caller, feature.target());
    String name = feature.name();
    if (name.length() > LONGEST_NAME) {
      return chain.first(feature.kind(), name);
    }
    Question question = new Question(chain, feature.kind(), name);
    Optional<Rule> known = answers.get(question);
    if (known != null) {
      return known;
    }
    Optional<Rule> answer = chain.first(feature.kind(), name);
    remember(answers, MOST_NAMES, question, answer);
    return answer;
  }

  Chain chain(Identity caller, TargetId target) {
    Place place = new Place(selection(caller), target);
    Chain known = chains.get(place);
    if (known != null) {
      return known;
    }
    return remember(chains, MOST_CHAINS, place, new Chain(place.selection().rules, target));
  }

  private Selection selection(Identity caller) {
    Selection known = callers.get(caller);
    if (known != null) {
      return known;
    }
    BitSet chosen = new BitSet(rules.size());
    for (int i = 0; i < rules.size(); i++) {
      chosen.set(i, rules.get(i).concerns(caller));
    }
    Selection selection = selections.get(chosen);
    if (selection == null) {
      List<Rule> ordered = chosen.stream().mapToObj(rules::get).toList();
      selection = remember(selections, MOST_CALLERS, chosen, new Selection(ordered));
    }
    return remember(callers, MOST_CALLERS, caller, selection);
  }

  /// What is full is emptied: everything in it can be worked out again.
  private static <K, V> V remember(Map<K, V> memory, int most, K key, V value) {
    if (memory.size() >= most) {
      memory.clear();
    }
    V before = memory.putIfAbsent(key, value);
    return before == null ? value : before;
  }

  /// The rules that concern some callers; the same object for all whom the same rules concern.
  private static final class Selection {

    private final List<Rule> rules;

    Selection(List<Rule> rules) {
      this.rules = rules;
    }
  }

  private record Place(Selection selection, TargetId target) {}

  private record Question(Chain chain, Feature.Kind kind, String name) {}
}
