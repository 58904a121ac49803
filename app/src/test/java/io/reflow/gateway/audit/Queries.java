package io.reflow.gateway.audit;

import java.util.Optional;

/// Questions to the audit log.
final class Queries {

  private Queries() {}

  static AuditQuery all() {
    return new AuditQuery(
        Optional.empty(),
        false,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        500,
        0);
  }
}
