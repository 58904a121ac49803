package io.reflow.gateway.replica;

import java.net.URI;
import java.util.Optional;
import java.util.UUID;

/// One life of a gateway: the epoch is new at each start and never comes again.
///
/// @param address where the others reach it; empty where it takes nothing from others
public record Replica(UUID id, long epoch, Optional<URI> address) {}
