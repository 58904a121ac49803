package io.reflow.gateway.instance;

import java.time.Duration;

/// How long instances live.
///
/// @param idle without a call for so long, an instance is ended
/// @param longest after so long an instance takes no new calls
/// @param drain what the running calls of an instance get that is to end
/// @param longestBackoff the pause between two starts grows up to this
public record Lifetimes(Duration idle, Duration longest, Duration drain, Duration longestBackoff) {}
