package io.reflow.gateway.session;

import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.LogLevel;
import io.reflow.gateway.protocol.ProtocolVersion;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/// All of a session that outlives the process it was opened in.
///
/// @param age since it was opened, by the database's clock
public record SessionRecord(
    UserId user,
    String role,
    Set<String> groups,
    ProtocolVersion version,
    Session.Client client,
    ClientCapabilities capabilities,
    Optional<String> target,
    LogLevel logLevel,
    Set<String> subscriptions,
    Duration age) {

  public SessionRecord {
    groups = Set.copyOf(groups);
    subscriptions = Set.copyOf(subscriptions);
  }
}
