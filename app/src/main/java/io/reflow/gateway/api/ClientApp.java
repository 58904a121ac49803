package io.reflow.gateway.api;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// An AI client, where it keeps its MCP servers, and what it has to be told of the gateway.
enum ClientApp {
  CLAUDE_DESKTOP(
      "claude-desktop",
      "Claude Desktop",
      "~/Library/Application Support/Claude/claude_desktop_config.json",
      "%APPDATA%\\Claude\\claude_desktop_config.json",
      "~/.config/Claude/claude_desktop_config.json"),
  CLAUDE_CODE("claude-code", "Claude Code", ".mcp.json", "~/.claude.json"),
  CURSOR("cursor", "Cursor", "~/.cursor/mcp.json", ".cursor/mcp.json"),
  VSCODE("vscode", "VS Code", ".vscode/mcp.json"),
  WINDSURF("windsurf", "Windsurf", "~/.codeium/windsurf/mcp_config.json");

  private static final String HEADER = "Authorization";
  private static final String INPUT = "reflow-token";

  private final String wireName;
  private final String title;

  @SuppressWarnings("ImmutableEnumChecker") // made by List.of
  private final List<String> files;

  ClientApp(String wireName, String title, String... files) {
    this.wireName = wireName;
    this.title = title;
    this.files = List.of(files);
  }

  /// What a client is to be told.
  ///
  /// @param name what the client calls the gateway
  /// @param token stands where the token belongs; empty where the client shall ask for it
  record Place(String name, String url, Optional<String> token, boolean plainHttp) {

    private String bearer(String otherwise) {
      return "Bearer " + token.orElse(otherwise);
    }
  }

  static Optional<ClientApp> find(String wireName) {
    return Stream.of(values()).filter(app -> app.wireName.equals(wireName)).findFirst();
  }

  String wireName() {
    return wireName;
  }

  String title() {
    return title;
  }

  /// Where it looks for its servers; any one of them will do.
  List<String> files() {
    return files;
  }

  /// What goes into the file.
  Map<String, ?> config(Place place) {
    return switch (this) {
      case CLAUDE_DESKTOP -> Map.of("mcpServers", Map.of(place.name(), bridge(place)));
      case CLAUDE_CODE -> Map.of("mcpServers", Map.of(place.name(), typed(place)));
      case CURSOR -> Map.of("mcpServers", Map.of(place.name(), server("url", place)));
      case VSCODE ->
          ordered("servers", Map.of(place.name(), typed(place)), "inputs", inputs(place));
      case WINDSURF -> Map.of("mcpServers", Map.of(place.name(), server("serverUrl", place)));
    };
  }

  /// What does the same from a shell, where there is such a thing.
  Optional<String> command(Place place) {
    return this == CLAUDE_CODE
        ? Optional.of(
            "claude mcp add --transport http %s %s --header \"%s: %s\""
                .formatted(place.name(), place.url(), HEADER, place.bearer(INPUT)))
        : Optional.empty();
  }

  /// Only what runs on its own machine takes a token in a file; a bridge does, which speaks HTTP
  /// for it. Blanks in the arguments would not survive everywhere.
  private static Map<String, ?> bridge(Place place) {
    var arguments =
        Stream.of("-y", "mcp-remote", place.url(), "--header", HEADER + ":${AUTH_HEADER}");
    var allow = place.plainHttp() ? Stream.of("--allow-http") : Stream.<String>empty();
    return ordered(
        "command",
        "npx",
        "args",
        Stream.concat(arguments, allow).toList(),
        "env",
        Map.of("AUTH_HEADER", place.bearer(INPUT)));
  }

  private static Map<String, ?> typed(Place place) {
    Map<String, Object> server = new LinkedHashMap<>();
    server.put("type", "http");
    server.putAll(server("url", place));
    return server;
  }

  private static Map<String, ?> server(String urlKey, Place place) {
    return ordered(
        urlKey, place.url(), "headers", Map.of(HEADER, place.bearer("${input:" + INPUT + "}")));
  }

  /// It asks for the token and keeps it where secrets are kept.
  private static List<?> inputs(Place place) {
    return place.token().isPresent()
        ? List.of()
        : List.of(
            ordered(
                "type",
                "promptString",
                "id",
                INPUT,
                "description",
                "API token of the Reflow Gateway",
                "password",
                true));
  }

  private static Map<String, ?> ordered(Object... keysAndValues) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      map.put((String) keysAndValues[i], keysAndValues[i + 1]);
    }
    return map;
  }
}
