package io.reflow.gateway.testing;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/// A dashboard as it is delivered.
public record Dashboard(String file, JsonNode json) {

  private static final Path FOLDER = Path.of("../chart/dashboards");

  /// One query of a panel.
  public record Query(String dashboard, String panel, String expression) {

    /// The query as a user sends it who has chosen everything.
    public String filled(String window) {
      return expression.replace("$__rate_interval", window).replaceAll("\\$(replica|target)", ".*");
    }
  }

  /// All that there are.
  public static List<Dashboard> all() {
    try (Stream<Path> files = Files.list(FOLDER)) {
      return files
          .filter(file -> file.toString().endsWith(".json"))
          .sorted()
          .map(Dashboard::read)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Dashboard read(Path file) {
    try {
      return new Dashboard(
          file.getFileName().toString(), TestGateway.parse(Files.readString(file)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The panels, without the headings.
  public List<JsonNode> panels() {
    return stream(json.get("panels"))
        .filter(panel -> !panel.get("type").asText().equals("row"))
        .toList();
  }

  public List<Query> queries() {
    return panels().stream()
        .flatMap(panel ->
            stream(panel.get("targets"))
                .map(target ->
                    new Query(file, panel.get("title").asText(), target.get("expr").asText())))
        .toList();
  }

  public static Stream<JsonNode> stream(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false);
  }
}
