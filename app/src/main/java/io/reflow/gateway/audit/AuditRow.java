package io.reflow.gateway.audit;

/// An entry with the number that names it among all of its replica, for ever.
record AuditRow(long sequence, AuditEntry entry) {}
