package io.reflow.gateway.policy;

/// The answer of the policies: yes with its proof, or no with the reason for the audit log.
public sealed interface Decision {

  record Allowed(Permit permit) implements Decision {}

  /// `policy` is the name of the rule that denied it, empty when no rule matched.
  record Denied(String policy, String reason) implements Decision {}
}
