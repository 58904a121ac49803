package io.reflow.gateway.mcp;

import io.reflow.gateway.mcp.ConformanceGateway.Behind;
import io.reflow.gateway.testing.ConformanceSuite.Outcome;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The figures of the conformance suite as the README shows them: checks that passed and that
/// failed.
final class ConformanceTable {

  static final String DIRECT = "nothing: the suite and the server";

  private static final String UNKNOWN = "?";

  private final Map<List<String>, String> figures = new HashMap<>();
  private final List<String> revisions;
  private final List<ClientScenario> scenarios;

  ConformanceTable(List<String> revisions, List<ClientScenario> scenarios) {
    this.revisions = List.copyOf(revisions);
    this.scenarios = List.copyOf(scenarios);
  }

  /// A scenario in which the suite is the server.
  record ClientScenario(String name, String revision) {

    @Override
    public String toString() {
      return name + " at " + revision;
    }
  }

  void server(String behind, String revision, Outcome outcome) {
    figures.put(List.of(behind, revision), outcome.figures());
  }

  /// Takes down how a client of an era did.
  void client(ClientScenario scenario, String era, Outcome outcome) {
    figures.put(List.of(scenario.toString(), era), outcome.figures());
  }

  /// Whether there is a figure for every place.
  boolean complete() {
    return !text().contains(UNKNOWN);
  }

  String text() {
    List<String> lines = new ArrayList<>();
    lines.add("| behind the gateway | " + String.join(" | ", revisions) + " |");
    lines.add("|---|" + "---|".repeat(revisions.size()));
    lines.add(row(DIRECT, revisions));
    for (Behind behind : Behind.values()) {
      lines.add(row(behind.words(), revisions));
    }
    lines.add("");
    lines.add("| the suite as the server | client of the initialize era | of the stateless era |");
    lines.add("|---|---|---|");
    for (ClientScenario scenario : scenarios) {
      lines.add(row(scenario.toString(), List.of("legacy", "modern")));
    }
    return String.join("\n", lines) + "\n";
  }

  private String row(String name, List<String> columns) {
    List<String> cells =
        columns.stream()
            .map(column -> Optional.ofNullable(figures.get(List.of(name, column))).orElse(UNKNOWN))
            .toList();
    return "| " + name + " | " + String.join(" | ", cells) + " |";
  }
}
