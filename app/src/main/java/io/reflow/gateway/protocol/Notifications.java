package io.reflow.gateway.protocol;

import java.util.Set;

/// The notifications that MCP has, in any of its revisions.
public final class Notifications {

  private static final Set<String> KNOWN =
      Set.of(
          "notifications/cancelled",
          "notifications/elicitation/complete",
          "notifications/initialized",
          "notifications/message",
          "notifications/progress",
          "notifications/prompts/list_changed",
          "notifications/resources/list_changed",
          "notifications/resources/updated",
          "notifications/roots/list_changed",
          "notifications/subscriptions/acknowledged",
          "notifications/tasks",
          "notifications/tasks/status",
          "notifications/tools/list_changed");

  private Notifications() {}

  /// Whether some revision says what it means; such a one is never passed on as it came.
  public static boolean known(String method) {
    return KNOWN.contains(method);
  }
}
