package io.reflow.gateway.api;

import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The file that a client keeps its MCP servers in, whatever else stands there.
///
/// @param servers by name, in an order that does not change
/// @param ignored the members of the file that are about something else
record ClientFile(Map<String, @Nullable Object> servers, List<String> ignored) {

  private static final String SERVERS = "servers";

  /// Claude, Cursor, Windsurf and most others; VS Code.
  private static final List<String> KNOWN = List.of("mcpServers", SERVERS);

  /// Within the settings of VS Code.
  private static final String SETTINGS = "mcp";

  /// @throws InvalidRequest when there are no servers in it
  static ClientFile of(@Nullable Map<?, ?> file) {
    if (file == null) {
      throw new InvalidRequest("the body must be an object");
    }
    if (file.get(SETTINGS) instanceof Map<?, ?> settings && settings.get(SERVERS) != null) {
      return new ClientFile(servers(SERVERS, settings.get(SERVERS)), others(file, SETTINGS));
    }
    return KNOWN.stream()
        .filter(member -> file.get(member) != null)
        .findFirst()
        .map(member -> new ClientFile(servers(member, file.get(member)), others(file, member)))
        .orElseThrow(() -> none("mcpServers"));
  }

  private static Map<String, @Nullable Object> servers(String member, @Nullable Object value) {
    if (!(value instanceof Map<?, ?> map)) {
      throw new InvalidRequest(member + " must be an object");
    }
    if (map.isEmpty()) {
      throw none(member);
    }
    Map<String, @Nullable Object> servers = new TreeMap<>();
    map.forEach((name, entry) -> servers.put(String.valueOf(name), entry));
    return servers;
  }

  private static List<String> others(Map<?, ?> file, String member) {
    return names(file).filter(name -> !name.equals(member)).sorted().toList();
  }

  private static Stream<String> names(Map<?, ?> file) {
    return file.keySet().stream().map(String::valueOf);
  }

  private static InvalidRequest none(String member) {
    return new InvalidRequest(member + " is missing or empty");
  }
}
