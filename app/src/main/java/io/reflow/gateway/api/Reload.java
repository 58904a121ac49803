package io.reflow.gateway.api;

import io.reflow.gateway.credential.Credentials;
import io.reflow.gateway.policy.PolicyEngine;
import io.reflow.gateway.target.Targets;

/// Makes a change to targets count on this replica. Policies and credentials go with a deleted
/// target, so all three are loaded anew: the rules first.
public record Reload(Targets targets, PolicyEngine policies, Credentials credentials) {

  void run() {
    policies.reload();
    targets.reload();
    credentials.reload();
  }
}
