package io.reflow.gateway.upstream.era;

import io.reflow.gateway.target.TargetId;
import java.time.Instant;

/// What a target turned out to speak, with the settings that `configHash` stands for.
public record Remembered(
    TargetId target, String configHash, Era era, String transport, Instant probedAt) {}
