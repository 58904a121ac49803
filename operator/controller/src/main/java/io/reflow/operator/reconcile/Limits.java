package io.reflow.operator.reconcile;

import io.reflow.operator.queue.Backoff;
import java.time.Duration;

/// How patient the operator is with pods.
///
/// @param start how long a pod may be without being ready
/// @param failures how many pods may fail in a row before only a new use brings another
/// @param pauses between a failed pod and the next
/// @param afterwards how long an instance rests that was given up, if somebody wants to use it
/// @param stable how long a pod must be ready for earlier failures to be forgotten
public record Limits(
    Duration start, int failures, Backoff pauses, Duration afterwards, Duration stable) {}
