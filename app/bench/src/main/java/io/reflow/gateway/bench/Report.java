package io.reflow.gateway.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What a run has found, as tables in Markdown.
final class Report {

  static final String DIRECT = "direct";
  static final String PASS_THROUGH = "pass-through";
  static final String GATEWAY = "gateway";
  static final String STDIO = "gateway, STDIO";

  private final List<Row> rows = new ArrayList<>();
  private final Map<String, String> facts = new LinkedHashMap<>();

  void add(List<Row> more) {
    rows.addAll(more);
  }

  void fact(String name, Duration value) {
    facts.put(name, "%.2f ms".formatted(value.toNanos() / 1e6));
  }

  void fact(String name, Optional<Long> mebibytes) {
    facts.put(name, mebibytes.map("%d MiB"::formatted).orElse("unknown"));
  }

  void note(String name, String text) {
    facts.put(name, text);
  }

  List<Row> rows() {
    return rows;
  }

  Map<String, String> facts() {
    return facts;
  }

  @Override
  public String toString() {
    var text =
        new StringBuilder(
            """
            | connections | way | calls/s | p50 ms | p99 ms | CPU µs | of pass-through | p50 beside it |
            |--:|:--|--:|--:|--:|--:|--:|--:|
            """);
    rows.forEach(row -> text.append(line(row)));
    text.append("\n| | |\n|:--|--:|\n");
    facts.forEach((name, value) -> text.append("| %s | %s |\n".formatted(name, value)));
    return text.toString();
  }

  private String line(Row row) {
    Optional<Row> beside =
        rows.stream()
            .filter(other ->
                other.way().equals(PASS_THROUGH) && other.connections() == row.connections())
            .filter(other -> row.way().startsWith(GATEWAY))
            .findFirst();
    return "| %d | %s | %,.0f | %.2f | %.2f | %.0f | %s | %s |\n"
        .formatted(
            row.connections(),
            row.way(),
            row.perSecond(),
            median(row),
            row.latencies().quantile(0.99).toNanos() / 1e6,
            row.cpuMicros(),
            beside.map(other -> "%.0f %%".formatted(100 * row.ratioTo(other))).orElse(""),
            beside.map(other -> "%+.2f ms".formatted(median(row) - median(other))).orElse(""));
  }

  private static double median(Row row) {
    return row.latencies().quantile(0.5).toNanos() / 1e6;
  }
}
