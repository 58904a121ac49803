package io.reflow.gateway.bench;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/// What a load run does.
///
/// @param connections how many clients ask at a time, one row of the report after the other
/// @param rounds how often each way is measured; the ways take turns
/// @param round how long a way is measured at a stretch
/// @param warmUp how long each way is used before anything is measured
/// @param unmeasured how many rounds at most go before, until the servers' compilers are at rest
/// @param gateway the jar to measure; absent: the classes beside this one
/// @param jvmOptions for the gateway's process, behind the usual ones
record Plan(
    List<Integer> connections,
    int rounds,
    Duration round,
    Duration warmUp,
    int unmeasured,
    Optional<Path> gateway,
    List<String> jvmOptions) {

  static final Plan USUAL =
      new Plan(
          List.of(1, 16, 64, 256),
          5,
          Duration.ofSeconds(4),
          Duration.ofSeconds(15),
          20,
          Optional.empty(),
          List.of());

  static final String USAGE =
      """
      Options (with their defaults):
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
      if (!words.hasNext()) {
        throw new IllegalArgumentException("not known, or without a value: " + option);
      }
      plan = plan.with(option, words.next());
    }
    return plan;
  }

  private Plan with(String option, String value) {
    return switch (option) {
      case "--connections" ->
          new Plan(
              Arrays.stream(value.split(",", -1)).map(Integer::valueOf).toList(),
              rounds,
              round,
              warmUp,
              unmeasured,
              gateway,
              jvmOptions);
      case "--rounds" ->
          new Plan(
              connections, Integer.parseInt(value), round, warmUp, unmeasured, gateway, jvmOptions);
      case "--seconds" ->
          new Plan(connections, rounds, seconds(value), warmUp, unmeasured, gateway, jvmOptions);
      case "--warm-up" ->
          new Plan(connections, rounds, round, seconds(value), unmeasured, gateway, jvmOptions);
      case "--unmeasured" ->
          new Plan(
              connections, rounds, round, warmUp, Integer.parseInt(value), gateway, jvmOptions);
      case "--gateway" ->
          new Plan(
              connections,
              rounds,
              round,
              warmUp,
              unmeasured,
              Optional.of(Path.of(value)),
              jvmOptions);
      case "--jvm" -> {
        List<String> more = new ArrayList<>(jvmOptions);
        more.add(value);
        yield new Plan(connections, rounds, round, warmUp, unmeasured, gateway, more);
      }
      default -> throw new IllegalArgumentException("not known: " + option);
    };
  }

  private static Duration seconds(String value) {
    return Duration.ofMillis(Math.round(Double.parseDouble(value) * 1000));
  }
}
