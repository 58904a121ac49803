package io.reflow.gateway.upstream;

import io.reflow.gateway.protocol.RawJson;
import java.util.Optional;

/// Is told what changes at a target, independent of any call. Called by reader threads: must not
/// block.
public interface Listener {

  /// One of the target's lists has changed.
  void listChanged(ListKind kind);

  /// A resource that somebody is interested in has changed.
  ///
  /// @param params of the `notifications/resources/updated`, as the target sent them
  void resourceUpdated(String uri, RawJson params);

  /// The user has done what a page wanted that the target had sent somebody to: whoever was told of
  /// `elicitationId` knows whether that concerns them.
  ///
  /// @param params of the `notifications/elicitation/complete`, as the target sent them
  default void elicitationCompleted(String elicitationId, RawJson params) {}

  /// The target has logged something that belongs to no call.
  ///
  /// @param params of the `notifications/message`, as the target sent them
  default void logged(RawJson params) {}

  /// The target has sent a notification that no revision of MCP knows.
  default void unknown(String method, RawJson params) {}

  /// Whom the target may ask what belongs to no call, if there is somebody now.
  default Optional<Caller> bystander() {
    return Optional.empty();
  }

  /// The lists that a target announces changes of.
  enum ListKind {
    TOOLS,
    PROMPTS,
    RESOURCES
  }

  Listener NONE =
      new Listener() {
        @Override
        public void listChanged(ListKind kind) {}

        @Override
        public void resourceUpdated(String uri, RawJson params) {}
      };
}
