package io.reflow.gateway.target;

import java.util.Optional;

/// An MCP server that an admin has put behind the gateway. Immutable: a change makes a new value
/// with a higher `revision`.
public record Target(
    TargetId id,
    String name,
    Transport transport,
    Isolation isolation,
    UpstreamAuth auth,
    int priority,
    Optional<String> title,
    Optional<String> toolPrefix,
    boolean enabled,
    long revision) {}
