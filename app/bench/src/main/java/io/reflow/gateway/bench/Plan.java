package io.reflow.gateway.bench;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// What a load run does.
///
/// @param connections how many clients ask at a time, one row of the report after the other
/// @param rounds how often each way is measured; the ways take turns
/// @param round how long a way is measured at a stretch
/// @param warmUp how long each way is used before anything is measured
/// @param unmeasured how many rounds at most go before, until the servers' compilers are at rest
/// @param gateway the jar to measure; absent: the classes beside this one
/// @param jvmOptions for the gateway's process, behind the usual ones
/// @param observability whether it is measured what the audit log and telemetry cost, and not the
///   gateway as a whole
record Plan(
    List<Integer> connections,
    int rounds,
    Duration round,
    Duration warmUp,
    int unmeasured,
    Optional<Path> gateway,
    List<String> jvmOptions,
    boolean observability) {

  private static final String OBSERVABILITY = "--observability";

  /// Where nothing else is said.
  private static final List<Integer> OBSERVED = List.of(1, 64);

  static final Plan USUAL =
      new Plan(
          List.of(1, 16, 64, 256),
          5,
          Duration.ofSeconds(4),
          Duration.ofSeconds(15),
          20,
          Optional.empty(),
          List.of(),
          false);

  static final String USAGE =
      """
      Options (with their defaults):
        --observability             measure what the audit log and telemetry cost instead, at 1 and
                                    64 connections
        --connections 1,16,64,256   how many clients at a time
        --rounds 5                  how often each way is measured
        --seconds 4                 how long each time
        --warm-up 15                seconds for each way before
        --unmeasured 20             rounds at most before, until the compilers rest
        --gateway JAR               another build of the gateway than the one beside this jar
        --jvm OPTION                for the gateway's JVM; may come several times
      DATABASE_HOST and the other variables of the gateway's configuration are passed on: without
      them it runs with its embedded PostgreSQL.
      """;

  Plan {
    connections = List.copyOf(connections);
    jvmOptions = List.copyOf(jvmOptions);
  }

  /// @throws IllegalArgumentException when the arguments make no sense
  static Plan parse(String... arguments) {
    Plan plan = USUAL;
    Iterator<String> words = List.of(arguments).iterator();
    while (words.hasNext()) {
      String option = words.next();
      if (option.equals(OBSERVABILITY)) {
        plan = plan.ofObservability();
      } else if (words.hasNext()) {
        plan = plan.with(option, words.next());
      } else {
        throw new IllegalArgumentException("not known, or without a value: " + option);
      }
    }
    return plan;
  }

  private Plan ofObservability() {
    return new Plan(
        connections.equals(USUAL.connections) ? OBSERVED : connections,
        rounds,
        round,
        warmUp,
        unmeasured,
        gateway,
        jvmOptions,
        true);
  }

  private Plan with(String option, String value) {
    List<Integer> counts = connections;
    int times = rounds;
    Duration each = round;
    Duration before = warmUp;
    int atMost = unmeasured;
    Optional<Path> jar = gateway;
    List<String> options = jvmOptions;
    switch (option) {
      case "--connections" ->
          counts = Arrays.stream(value.split(",", -1)).map(Integer::valueOf).toList();
      case "--rounds" -> times = Integer.parseInt(value);
      case "--seconds" -> each = seconds(value);
      case "--warm-up" -> before = seconds(value);
      case "--unmeasured" -> atMost = Integer.parseInt(value);
      case "--gateway" -> jar = Optional.of(Path.of(value));
      case "--jvm" -> options = Stream.concat(jvmOptions.stream(), Stream.of(value)).toList();
      default -> throw new IllegalArgumentException("not known: " + option);
    }
    return new Plan(counts, times, each, before, atMost, jar, options, observability);
  }

  private static Duration seconds(String value) {
    return Duration.ofMillis(Math.round(Double.parseDouble(value) * 1000));
  }
}
