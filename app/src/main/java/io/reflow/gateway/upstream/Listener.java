package io.reflow.gateway.upstream;

/// Is told what changes at a target, independent of any call. Called by reader threads: must not
/// block.
public interface Listener {

  /// One of the target's lists has changed.
  void listChanged(ListKind kind);

  /// The lists that a target announces changes of.
  enum ListKind {
    TOOLS,
    PROMPTS,
    RESOURCES
  }

  Listener NONE = _ -> {};
}
