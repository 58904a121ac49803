package io.reflow.gateway.translation;

import io.reflow.gateway.protocol.ClientCapabilities;
import java.util.Optional;

/// What a client asked for, as far as it matters for how the answer is put.
///
/// @param uri of the resource that was to be read, as the client calls it
public record Asked(String method, Optional<String> uri, ClientCapabilities client) {}
