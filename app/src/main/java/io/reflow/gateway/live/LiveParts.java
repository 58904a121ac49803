package io.reflow.gateway.live;

import io.reflow.gateway.identity.Authenticator;
import io.reflow.gateway.session.OpenStreams;
import io.reflow.gateway.session.Sessions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.UUID;

/// What the live view is made of.
///
/// @param replica the one whose calls are seen
/// @param patience how long a client may take for its first message
public record LiveParts(
    UUID replica,
    Duration patience,
    Authenticator authenticator,
    OpenStreams streams,
    Sessions sessions,
    Recent recent,
    LiveFigures figures,
    InstantSource clock) {}
