package io.reflow.gateway.upstream;

import io.reflow.gateway.credential.Injection;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.policy.Permit;
import io.reflow.gateway.target.Target;

/// A caller's way to a target: the permission, the instance that serves it, and what is injected
/// there. Holding one means that every check before the call itself is done.
public record Reach(Target target, Permit permit, InstanceKey key, Injection injection) {}
