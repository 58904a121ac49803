package io.reflow.gateway.upstream.era;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Lists of protocol versions, as targets send them.
final class Versions {

  private static final int MOST = 100;

  private Versions() {}

  /// The strings of an array; nothing for whatever else it is.
  static List<String> read(Optional<RawJson> list) {
    if (list.isEmpty()) {
      return List.of();
    }
    RawJson json = list.get();
    List<String> versions = new ArrayList<>();
    try (JsonParser parser =
        JsonText.factory().createParser(json.array(), json.from(), json.length())) {
      if (parser.nextToken() != JsonToken.START_ARRAY) {
        return List.of();
      }
      while (parser.nextToken() == JsonToken.VALUE_STRING && versions.size() < MOST) {
        versions.add(parser.getText());
      }
      return versions;
    } catch (IOException _) {
      return List.of();
    }
  }

  static boolean anyWithSessions(List<String> versions) {
    return versions.stream()
        .flatMap(version -> ProtocolVersion.find(version).stream())
        .anyMatch(version -> !version.stateless());
  }
}
