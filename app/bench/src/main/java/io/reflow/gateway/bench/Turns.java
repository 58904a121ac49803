package io.reflow.gateway.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Asks over several ways in turn: whatever else the machine does meanwhile meets all of them.
final class Turns {

  /// A compiler that works for less than this part of the time is at rest.
  private static final int CALM = 50;

  private static final int WARM_UP_CONNECTIONS = 16;

  private final Plan plan;
  private final List<Way> ways;
  private final Map<Way, Long> asked = new HashMap<>();
  private final List<Integer> restless = new ArrayList<>();

  Turns(Plan plan, List<Way> ways) {
    this.plan = plan;
    this.ways = List.copyOf(ways);
  }

  void warmUp() {
    for (Way way : ways) {
      progress("warming up: " + way.name());
      Sample _ = ask(way, WARM_UP_CONNECTIONS, plan.warmUp());
    }
  }

  /// A row for each way. Every other round goes through the ways from the last to the first, so
  /// that none always comes behind the same other.
  List<Row> rows(int connections) {
    settle(connections);
    Map<Way, Row> rows = new LinkedHashMap<>();
    ways.forEach(way -> rows.put(way, new Row(way.name(), connections)));
    for (int round = 1; round <= plan.rounds(); round++) {
      progress("%d connections, round %d".formatted(connections, round));
      for (Way way : round % 2 == 1 ? ways : ways.reversed()) {
        Sample sample = ask(way, connections, plan.round());
        rows.computeIfPresent(
            way,
            (_, row) -> {
              row.add(sample);
              return row;
            });
      }
    }
    return List.copyOf(rows.values());
  }

  /// Asks as it will be measured until the servers' compilers have come to rest: what a compiler
  /// does once would otherwise count as a cost of the calls in between, the more of it the larger
  /// the program.
  private void settle(int connections) {
    for (int round = 1; round <= plan.unmeasured(); round++) {
      progress("%d connections, not measured, round %d".formatted(connections, round));
      boolean calm = true;
      for (Way way : ways) {
        Duration before = way.server().compiling();
        Sample _ = ask(way, connections, plan.round());
        Duration compiled = way.server().compiling().minus(before);
        calm &= compiled.compareTo(plan.round().dividedBy(CALM)) <= 0;
      }
      if (calm) {
        return;
      }
    }
    restless.add(connections);
  }

  private Sample ask(Way way, int connections, Duration measured) {
    Sample sample = Load.run(way, connections, measured);
    asked.merge(way, sample.asked(), Long::sum);
    return sample;
  }

  /// How many calls went a way, measured or not.
  long asked(Way way) {
    return asked.getOrDefault(way, 0L);
  }

  /// At which numbers of connections a compiler still worked when the measuring began.
  List<Integer> restless() {
    return restless;
  }

  static void progress(String what) {
    System.err.println(what + " ...");
  }
}
