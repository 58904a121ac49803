package io.reflow.gateway.upstream;

import io.reflow.gateway.credential.Injection;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.instance.LastLines;
import io.reflow.gateway.target.Target;

/// What is to be opened, and for whom.
///
/// @param lines takes what the target writes to its error output
public record Opening(
    Target target, InstanceKey key, Injection injection, Listener listener, LastLines lines) {}
