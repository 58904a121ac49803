package io.reflow.gateway.upstream.kubernetes;

import io.reflow.gateway.config.KubernetesConfig;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// How many instances may run at once. Those that sleep don't count.
record Quota(int total, int perTarget, int perUser) {

  static Quota of(KubernetesConfig config) {
    return new Quota(
        config.maxInstances(), config.maxInstancesPerTarget(), config.maxInstancesPerUser());
  }

  /// What counts of an instance that runs, or is about to.
  record Entry(String name, String target, String subject) {}

  /// Why one more may not run.
  ///
  /// @param running those that run, that one perhaps among them
  Optional<String> refusal(Entry one, Stream<Entry> running) {
    var others = running.distinct().toList();
    if (others.contains(one)) {
      return Optional.empty();
    }
    if (Subjects.user(one.subject()).isPresent()
        && count(others.stream(), other -> other.subject().equals(one.subject())) >= perUser) {
      return Optional.of("you have %d running instances, the most allowed".formatted(perUser));
    }
    if (count(others.stream(), other -> other.target().equals(one.target())) >= perTarget) {
      return Optional.of(
          "the target has %d running instances, the most allowed".formatted(perTarget));
    }
    return others.size() >= total
        ? Optional.of("the cluster has %d running instances, the most allowed".formatted(total))
        : Optional.empty();
  }

  private static long count(Stream<Entry> entries, Predicate<Entry> counted) {
    return entries.filter(counted).count();
  }
}
