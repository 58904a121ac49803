package io.reflow.gateway.testing;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// What the fake servers of both transports can do: the tools have the same names and do the same.
/// Needs nothing but the JDK, since it also runs in a child process.
public final class FakeTools {

  private static final Pattern ID = Pattern.compile("\"id\":(\"[^\"]*\"|\\d+)");
  private static final Pattern METHOD = Pattern.compile("\"method\":\"([^\"]+)\"");
  private static final Pattern NAME = Pattern.compile("\"name\"\\s*:\\s*\"([^\"]+)\"");
  private static final Pattern TOKEN = Pattern.compile("\"progressToken\":(\\d+)");
  private static final Pattern CANCELLED = Pattern.compile("\"requestId\":(\\d+)");
  private static final Pattern ASK = Pattern.compile("\"ask\":\"([^\"]+)\"");
  private static final Pattern URI = Pattern.compile("\"uri\":\"([^\"]+)\"");
  private static final Pattern COUNT = Pattern.compile("\"count\":(\\d+)");

  private final Set<Long> cancelled = new ConcurrentSkipListSet<>();
  private final ConcurrentMap<String, String> replies = new ConcurrentHashMap<>();
  private final Set<String> notified = new ConcurrentSkipListSet<>();
  private final Set<String> subscribed = new ConcurrentSkipListSet<>();
  private final AtomicReference<Peer> apart = new AtomicReference<>(_ -> {});
  private volatile String wording = "Question";
  private volatile List<String> listed = List.of("echo");

  /// Says which tools are listed; the others can be called all the same.
  public void list(List<String> names) {
    listed = List.copyOf(names);
  }

  /// What `questions` asks from now on.
  public void wording(String text) {
    wording = text;
  }

  /// The way back to the client: the stream of the request where there is one.
  public interface Peer {

    void send(String message) throws IOException;
  }

  /// Where messages go that belong to no call.
  public void apart(Peer peer) {
    apart.set(peer);
  }

  public Set<String> subscribed() {
    return subscribed;
  }

  /// As after a restart.
  public void forget() {
    subscribed.clear();
  }

  /// The first match's group, or nothing.
  private static String find(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    return matcher.find() ? matcher.group(1) : "";
  }

  public static String id(String message) {
    return find(ID, message);
  }

  public static String method(String message) {
    return find(METHOD, message);
  }

  public static String toolName(String message) {
    return find(NAME, message);
  }

  public static int count(String message) {
    String count = find(COUNT, message);
    return count.isEmpty() ? 0 : Integer.parseInt(count);
  }

  /// Notes what is no request: cancellations, and replies to requests of the server.
  public void note(String message) {
    notified.add(method(message));
    if (method(message).equals("notifications/cancelled")) {
      cancelled.add(Long.parseLong(find(CANCELLED, message)));
    } else if (method(message).isEmpty()) {
      replies.put(id(message), message);
    }
  }

  public Set<Long> cancelled() {
    return cancelled;
  }

  /// Works on a request; sends its answer, if it has one, as the last message.
  public void work(String request, Peer peer) throws IOException, InterruptedException {
    String id = id(request);
    switch (method(request)) {
      case "initialize" -> peer.send(result(id, initializeResult("2025-11-25")));
      case "ping" -> peer.send(result(id, "{}"));
      case "tools/list" -> peer.send(result(id, toolList()));
      case "tools/call" -> call(id, request, peer);
      case "resources/subscribe", "resources/unsubscribe" -> subscribe(id, request, peer);
      default ->
          peer.send(
              "{\"jsonrpc\":\"2.0\",\"id\":"
                  + id
                  + ",\"error\":{\"code\":-32601,\"message\":\"unknown method\"}}");
    }
  }

  private void subscribe(String id, String request, Peer peer) throws IOException {
    String uri = find(URI, request);
    if (uri.contains("refused")) {
      peer.send(
          "{\"jsonrpc\":\"2.0\",\"id\":"
              + id
              + ",\"error\":{\"code\":-32002,\"message\":\"no such resource\"}}");
      return;
    }
    if (method(request).equals("resources/subscribe")) {
      subscribed.add(uri);
    } else {
      subscribed.remove(uri);
    }
    peer.send(result(id, "{}"));
  }

  private String toolList() {
    return listed.stream()
        .map(name -> "{\"name\":\"" + name + "\",\"inputSchema\":{\"type\":\"object\"}}")
        .collect(Collectors.joining(",", "{\"tools\":[", "]}"));
  }

  private void call(String id, String request, Peer peer) throws IOException, InterruptedException {
    switch (toolName(request)) {
      case "silent" -> {}
      case "fail" ->
          peer.send(
              "{\"jsonrpc\":\"2.0\",\"id\":"
                  + id
                  + ",\"error\":{\"code\":-32602,\"message\":\"no\",\"data\":{\"x\":1.0}}}");
      case "progress" -> {
        String token = find(TOKEN, request);
        for (int i = 1; i <= Math.max(1, count(request)); i++) {
          peer.send(progress(token, i));
          peer.send(progress("99999999", i));
          Thread.sleep(Duration.ofMillis(50));
        }
        peer.send(result(id, "{\"token\":" + token + "}"));
      }
      case "cancelled" -> peer.send(result(id, "{\"cancelled\":" + cancelled + "}"));
      case "notified" ->
          peer.send(result(id, "{\"methods\":\"" + String.join(" ", notified) + "\"}"));
      case "announce" -> {
        peer.send("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}");
        peer.send(result(id, "{}"));
      }
      case "ask" -> {
        peer.send("{\"jsonrpc\":\"2.0\",\"id\":\"p1\",\"method\":\"ping\"}");
        peer.send("{\"jsonrpc\":\"2.0\",\"id\":\"r1\",\"method\":\"roots/list\"}");
        awaitReplies();
        peer.send(
            result(
                id,
                "{\"ping\":"
                    + replies.get("\"p1\"")
                    + ",\"roots\":"
                    + replies.get("\"r1\"")
                    + "}"));
      }
      case "question" -> peer.send(result(id, "{\"reply\":" + question(id, request, peer) + "}"));
      case "questions" ->
          peer.send(result(id, "{\"replies\":" + questions(id, request, peer) + "}"));
      case "question-apart" ->
          peer.send(result(id, "{\"reply\":" + question(id, request, apart.get()) + "}"));
      case "leave" -> {
        peer.send(question("\"q" + id + "\"", request));
        Thread.sleep(Duration.ofMillis(100));
        peer.send(result(id, "{\"left\":true}"));
      }
      case "withdraw" -> {
        peer.send(question("\"q" + id + "\"", request));
        peer.send(
            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":\"q"
                + id
                + "\"}}");
        awaitReply("\"never\"", 10);
        peer.send(result(id, "{\"replied\":" + replies.containsKey("\"q" + id + "\"") + "}"));
      }
      case "replies" ->
          peer.send(result(id, "{\"replies\":[" + String.join(",", replies.values()) + "]}"));
      case "announce-apart" -> {
        apart.get().send("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/prompts/list_changed\"}");
        apart
            .get()
            .send(
                "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/resources/updated\",\"params\":{\"uri\":\"file:///a\"}}");
        apart
            .get()
            .send(
                "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/elicitation/complete\",\"params\":{\"elicitationId\":\"e1\"}}");
        peer.send(result(id, "{}"));
      }
      case "large" -> peer.send(result(id, "{\"text\":\"" + "x".repeat(count(request)) + "\"}"));
      case "stranger" -> {
        peer.send(result("4711", "{}"));
        peer.send(result("\"" + id + "\"", "{\"stranger\":true}"));
        peer.send(result(id, "{\"mine\":true}"));
      }
      default -> peer.send(result(id, "{\"echo\":" + arguments(request) + "}"));
    }
  }

  /// Asks the client what the arguments say, and gives its reply.
  private String question(String id, String request, Peer peer)
      throws IOException, InterruptedException {
    String own = "\"q" + id + "\"";
    // Another connection may have had a request of the same id.
    replies.remove(own);
    peer.send(question(own, request));
    awaitReply(own, 6000);
    return String.valueOf(replies.get(own));
  }

  /// Asks as often as the arguments say, one after the other, and gives the replies.
  private String questions(String id, String request, Peer peer)
      throws IOException, InterruptedException {
    List<String> given = new ArrayList<>();
    for (int i = 1; i <= Math.max(1, count(request)); i++) {
      String own = "\"q" + id + "-" + i + "\"";
      replies.remove(own);
      peer.send(
          ("{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"elicitation/create\",\"params\":{\"message\":\"%s"
               + " %d\",\"requestedSchema\":{\"type\":\"object\",\"properties\":{}}}}")
              .formatted(own, wording, i));
      awaitReply(own, 6000);
      given.add(String.valueOf(replies.get(own)));
    }
    return "[" + String.join(",", given) + "]";
  }

  private static String question(String own, String request) {
    return "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"%s\",\"params\":%s}"
        .formatted(own, find(ASK, request), arguments(request));
  }

  private void awaitReply(String id, int times) throws InterruptedException {
    for (int i = 0; i < times && !replies.containsKey(id); i++) {
      Thread.sleep(Duration.ofMillis(10));
    }
  }

  private void awaitReplies() throws InterruptedException {
    for (int i = 0; i < 6000 && replies.size() < 2; i++) {
      Thread.sleep(Duration.ofMillis(10));
    }
  }

  private static String arguments(String request) {
    int from = request.indexOf("\"arguments\":");
    int meta = request.indexOf(",\"_meta\":{\"io.", from);
    int to = meta < 0 ? request.length() - 2 : meta;
    return from < 0 ? "null" : request.substring(from + 12, to);
  }

  private static String progress(String token, int value) {
    return ("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\","
            + "\"params\":{\"progressToken\":%s,\"progress\":%d}}")
        .formatted(token, value);
  }

  public static String result(String id, String result) {
    return "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"result\":" + result + "}";
  }

  public static String initializeResult(String version) {
    return String.format(
        Locale.ROOT,
        """
        {"protocolVersion":"%s","capabilities":{"tools":{"listChanged":true},"logging":{},\
        "resources":{"subscribe":true}},"serverInfo":{"name":"fake","version":"1.0"},\
        "instructions":"Be kind."}\
        """,
        version);
  }
}
