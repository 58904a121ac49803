package io.reflow.gateway.mcp;

import io.reflow.gateway.audit.ArgumentDigest;
import io.reflow.gateway.audit.AuditLog;
import io.reflow.gateway.catalog.Catalog;
import io.reflow.gateway.catalog.Cursors;
import io.reflow.gateway.catalog.KnownServers;
import io.reflow.gateway.config.McpConfig;
import io.reflow.gateway.credential.Credentials;
import io.reflow.gateway.identity.Authenticator;
import io.reflow.gateway.mcp.flight.FlightHomes;
import io.reflow.gateway.mcp.flight.Flights;
import io.reflow.gateway.mcp.flight.PageVisits;
import io.reflow.gateway.mcp.flight.StateSeal;
import io.reflow.gateway.mcp.flight.StateStore;
import io.reflow.gateway.policy.PolicyEngine;
import io.reflow.gateway.replica.Leases;
import io.reflow.gateway.session.OpenStreams;
import io.reflow.gateway.session.Sessions;
import io.reflow.gateway.session.SseConnections;
import io.reflow.gateway.target.Targets;
import io.reflow.gateway.telemetry.Baggage;
import io.reflow.gateway.telemetry.Metrics;
import io.reflow.gateway.telemetry.Strangers;
import io.reflow.gateway.upstream.Upstreams;
import io.reflow.gateway.upstream.era.Eras;
import java.time.InstantSource;

/// All that the MCP endpoint works with.
public record McpParts(
    Authenticator authenticator,
    Sessions sessions,
    SseConnections connections,
    OpenStreams streams,
    ListChanges changes,
    Targets targets,
    PolicyEngine policies,
    Credentials credentials,
    Eras eras,
    Upstreams upstreams,
    Catalog catalog,
    KnownServers servers,
    Cursors cursors,
    Flights flights,
    StateSeal seal,
    StateStore states,
    FlightHomes homes,
    Leases leases,
    PageVisits visits,
    Bystanders bystanders,
    UnknownNotifications unknownNotifications,
    AuditLog audit,
    ArgumentDigest digest,
    Metrics metrics,
    Baggage baggage,
    Strangers strangers,
    McpConfig config,
    String version,
    InstantSource clock) {

  Records records() {
    return new Records(audit, metrics, strangers);
  }
}
