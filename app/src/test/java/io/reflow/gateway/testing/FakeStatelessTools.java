package io.reflow.gateway.testing;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What the fake servers of the stateless era can do: what [FakeTools] can, and what is new there.
/// Needs nothing but the JDK, since it also runs in a child process.
public final class FakeStatelessTools {

  /// A state with escapes, which must come back exactly so.
  public static final String STATE = "\"st\\u0061te \\\"1\\\" \\/\"";

  private static final Pattern STATE_SENT =
      Pattern.compile("\"requestState\":(\"(?:[^\"\\\\]|\\\\.)*\")");
  private static final Pattern RESPONSES =
      Pattern.compile("\"inputResponses\":(\\{.*\\}),\"requestState\"");

  private final FakeTools tools = new FakeTools();
  private final Map<String, FakeTools.Peer> listening = new ConcurrentHashMap<>();

  public void list(List<String> names) {
    tools.list(names);
  }

  public FakeTools tools() {
    return tools;
  }

  /// How many listen.
  public int listening() {
    return listening.size();
  }

  public void over(String id) {
    listening.remove(id);
  }

  /// Notes what is no request.
  public void note(String message) {
    tools.note(message);
    if (FakeTools.method(message).equals("notifications/cancelled")) {
      tools.cancelled().forEach(id -> listening.remove(id.toString()));
    }
  }

  /// Whether a request is one that stays open.
  public static boolean listens(String request) {
    return FakeTools.method(request).equals("subscriptions/listen");
  }

  /// Works on a request; sends its answer, if it has one, as the last message.
  public void work(String request, FakeTools.Peer peer) throws IOException, InterruptedException {
    String id = FakeTools.id(request);
    switch (FakeTools.method(request)) {
      case "server/discover" -> peer.send(FakeTools.result(id, discoverResult()));
      case "initialize", "ping" ->
          peer.send(
              "{\"jsonrpc\":\"2.0\",\"id\":"
                  + id
                  + ",\"error\":{\"code\":-32601,\"message\":\"no such method\"}}");
      case "subscriptions/listen" -> {
        listening.put(id, peer);
        peer.send(
            notification(
                "subscriptions/acknowledged",
                id,
                ",\"notifications\":{\"toolsListChanged\":true}"));
      }
      case "tools/call" -> call(id, request, peer);
      default -> tools.work(request, peer);
    }
  }

  private void call(String id, String request, FakeTools.Peer peer)
      throws IOException, InterruptedException {
    switch (FakeTools.toolName(request)) {
      case "announce" -> {
        announce("tools/list_changed", "");
        peer.send(FakeTools.result(id, "{\"resultType\":\"complete\"}"));
      }
      case "update" -> {
        announce("resources/updated", ",\"uri\":\"file:///a\"");
        peer.send(FakeTools.result(id, "{\"resultType\":\"complete\"}"));
      }
      case "ask" -> {
        peer.send("{\"jsonrpc\":\"2.0\",\"id\":\"p1\",\"method\":\"ping\"}");
        peer.send(FakeTools.result(id, "{\"asked\":true}"));
      }
      case "confirm" -> confirm(id, request, peer);
      default -> tools.work(request, peer);
    }
  }

  /// Sends to all who listen.
  public void announce(String what, String members) throws IOException {
    for (Map.Entry<String, FakeTools.Peer> entry : Map.copyOf(listening).entrySet()) {
      try {
        entry.getValue().send(notification(what, entry.getKey(), members));
      } catch (IOException e) {
        listening.remove(entry.getKey());
      }
    }
  }

  /// Wants to know a name and then tells what it was told.
  private static void confirm(String id, String request, FakeTools.Peer peer) throws IOException {
    String state = find(STATE_SENT, request);
    peer.send(
        state.isEmpty()
            ? FakeTools.result(
                id,
                "{\"resultType\":\"input_required\",\"requestState\":"
                    + STATE
                    + ",\"inputRequests\":{\"user_name\":{\"method\":\"elicitation/create\","
                    + "\"params\":{\"message\":\"Name?\",\"requestedSchema\":{}}}}}")
            : FakeTools.result(
                id,
                "{\"resultType\":\"complete\",\"state\":"
                    + state
                    + ",\"responses\":"
                    + find(RESPONSES, request)
                    + "}"));
  }

  private static String find(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    return matcher.find() ? matcher.group(1) : "";
  }

  private static String notification(String what, String id, String members) {
    return ("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/%s\",\"params\":{\"_meta\":"
            + "{\"io.modelcontextprotocol/subscriptionId\":%s}%s}}")
        .formatted(what, id, members);
  }

  public static String discoverResult() {
    return """
    {"resultType":"complete","supportedVersions":["2026-07-28"],\
    "capabilities":{"tools":{"listChanged":true},"logging":{},\
    "resources":{"subscribe":true}},"instructions":"Be kind.","ttlMs":0,\
    "cacheScope":"private","_meta":{"io.modelcontextprotocol/serverInfo":\
    {"name":"fake","version":"1.0"}}}\
    """;
  }
}
