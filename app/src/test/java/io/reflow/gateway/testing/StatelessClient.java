package io.reflow.gateway.testing;

import io.reflow.gateway.protocol.HeaderText;
import io.reflow.gateway.testing.McpTestClient.Reply;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/// A bare client of the stateless era: says who it is in every request, and sees what is on the
/// wire.
public final class StatelessClient {

  public static final String VERSION = "2026-07-28";

  private static final String PREFIX = "io.modelcontextprotocol/";

  private final McpTestClient http;
  private final Map<String, Object> meta = new LinkedHashMap<>();
  private final AtomicInteger ids = new AtomicInteger();

  /// Over the connection of a client without a session.
  public StatelessClient(McpTestClient http) {
    this.http = http;
    meta.put(PREFIX + "protocolVersion", VERSION);
    meta.put(PREFIX + "clientInfo", Map.of("name", "test", "version", "1"));
    meta.put(PREFIX + "clientCapabilities", Map.of());
  }

  /// Declares what it can be asked for.
  public StatelessClient can(Map<String, ?> capabilities) {
    return with(PREFIX + "clientCapabilities", capabilities);
  }

  /// Wants log messages from this level on.
  public StatelessClient level(String level) {
    return with(PREFIX + "logLevel", level);
  }

  /// Says something else in `_meta` of each request from now on.
  public StatelessClient with(String key, Object value) {
    meta.put(key, value);
    return this;
  }

  public Reply request(String method, Map<String, ?> params) {
    return request(ids.incrementAndGet(), method, params);
  }

  public Reply request(Object id, String method, Map<String, ?> params) {
    return http.send(
        "POST", BodyPublishers.ofString(body(id, method, params)), headers(method, params));
  }

  public Reply callTool(String name, Map<String, ?> arguments) {
    return request("tools/call", Map.of("name", name, "arguments", arguments));
  }

  /// The whole message of a request.
  public String body(Object id, String method, Map<String, ?> params) {
    Map<String, Object> whole = new LinkedHashMap<>(params);
    whole.put("_meta", meta);
    Map<String, Object> message = new LinkedHashMap<>();
    message.put("jsonrpc", "2.0");
    message.put("id", id);
    message.put("method", method);
    message.put("params", whole);
    return TestGateway.json(message);
  }

  /// The headers that go with a request, names and values in turn.
  public static String[] headers(String method, Map<String, ?> params) {
    List<String> headers =
        new ArrayList<>(List.of("MCP-Protocol-Version", VERSION, "Mcp-Method", method));
    Object name = params.get(method.equals("resources/read") ? "uri" : "name");
    if (name instanceof String text
        && List.of("tools/call", "prompts/get", "resources/read").contains(method)) {
      headers.addAll(List.of("Mcp-Name", HeaderText.encode(text)));
    }
    return headers.toArray(String[]::new);
  }
}
