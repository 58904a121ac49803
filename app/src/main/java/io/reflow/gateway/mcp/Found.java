package io.reflow.gateway.mcp;

import io.reflow.gateway.policy.Decision;
import io.reflow.gateway.policy.Feature;
import io.reflow.gateway.upstream.Reach;

/// The target that has what is wanted, by its own name, and what the policies say of it.
record Found(Reach reach, Feature feature, Decision decision) {}
