package io.reflow.gateway.bench;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// Clients of a gateway: one user, and so many sessions for all of their connections.
record Clients(String token, List<String> sessions) {

  private static final int SESSIONS = 32;

  /// What each session costs: `initialize`, and the notification after it.
  static final int MESSAGES = 2 * SESSIONS;

  Clients {
    sessions = List.copyOf(sessions);
  }

  static Clients open(GatewayProcess gateway, String token) {
    return new Clients(
        token, IntStream.range(0, SESSIONS).mapToObj(_ -> gateway.openSession(token)).toList());
  }

  String session(int connection) {
    return sessions.get(connection % sessions.size());
  }

  Map<String, String> headers(int connection) {
    return Map.of(
        "Authorization",
        "Bearer " + token,
        "Mcp-Session-Id",
        session(connection),
        "MCP-Protocol-Version",
        "2025-11-25");
  }

  /// A call of a tool that answers as an echo server does.
  Question call(int connection, String tool) {
    return call(headers(connection), connection, tool);
  }

  /// The same for a server that asks for no more than a call.
  static Question call(Map<String, String> headers, int connection, String tool) {
    int id = 1000 + connection;
    return Question.of(
        headers, Question.call(id, tool), Echo.answer("tools/call", Integer.toString(id)));
  }
}
