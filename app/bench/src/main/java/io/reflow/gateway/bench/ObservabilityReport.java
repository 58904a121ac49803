package io.reflow.gateway.bench;

import java.util.ArrayList;
import java.util.List;

/// What the audit log and telemetry cost, as tables in Markdown.
final class ObservabilityReport {

  static final String AUDIT_OFF = "without audit log";
  static final String AS_SHIPPED = "as shipped";
  static final String TELEMETRY = "with telemetry, 10 % traced";

  private final List<Row> rows = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();

  void add(List<Row> more) {
    rows.addAll(more);
  }

  void restless(int connections) {
    notes.add(
        "%d connections: a compiler still worked when the measuring began".formatted(connections));
  }

  /// An audit log was found to have so many rows, as it should.
  void rows(long count) {
    notes.add("audit log verified: %,d rows".formatted(count));
  }

  void traced(long calls, long requests) {
    notes.add(
        "%,d of %,d calls traced: %.2f %%".formatted(requests, calls, 100.0 * requests / calls));
  }

  List<Row> rows() {
    return rows;
  }

  @Override
  public String toString() {
    var text =
        new StringBuilder(
            """
            | connections | gateway | calls/s | p50 ms | CPU µs | PostgreSQL's |
            |--:|:--|--:|--:|--:|--:|
            """);
    rows.forEach(row ->
        text.append(
            "| %d | %s | %,.0f | %.2f | %.1f | %.1f |\n"
                .formatted(
                    row.connections(),
                    row.way(),
                    row.perSecond(),
                    row.latencies().quantile(0.5).toNanos() / 1e6,
                    row.cpuMicros(),
                    row.databaseMicros())));
    text.append(
        """

        | connections | cost of | calls/s | CPU µs | PostgreSQL's | p50 |
        |--:|:--|--:|--:|--:|--:|
        """);
    rows.stream()
        .mapToInt(Row::connections)
        .distinct()
        .forEach(connections -> {
          text.append(cost("the audit log", connections, AS_SHIPPED, AUDIT_OFF));
          text.append(cost("telemetry", connections, TELEMETRY, AS_SHIPPED));
        });
    text.append('\n');
    notes.forEach(note -> text.append("- ").append(note).append('\n'));
    return text.toString();
  }

  /// All of them are medians of what comes of the rounds, each compared with its own.
  private String cost(String what, int connections, String with, String without) {
    Row more = row(with, connections);
    Row less = row(without, connections);
    return "| %d | %s | %+.1f %% | %+.1f (%+.1f %%) | %+.1f | %+.3f ms |\n"
        .formatted(
            connections,
            what,
            100 * (more.ratioTo(less) - 1),
            more.beside(less, (one, other) -> one.cpuMicros() - other.cpuMicros()),
            100 * (more.beside(less, (one, other) -> one.cpuMicros() / other.cpuMicros()) - 1),
            more.beside(less, (one, other) -> one.databaseMicros() - other.databaseMicros()),
            more.beside(less, (one, other) -> one.medianMillis() - other.medianMillis()));
  }

  private Row row(String way, int connections) {
    return rows.stream()
        .filter(row -> row.way().equals(way) && row.connections() == connections)
        .findFirst()
        .orElseThrow();
  }
}
