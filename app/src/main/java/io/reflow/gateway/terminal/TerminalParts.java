package io.reflow.gateway.terminal;

import io.reflow.gateway.audit.AuditLog;
import io.reflow.gateway.config.TerminalConfig;
import io.reflow.gateway.credential.Credentials;
import io.reflow.gateway.identity.Authenticator;
import io.reflow.gateway.identity.PasswordCheck;
import io.reflow.gateway.policy.PolicyEngine;
import io.reflow.gateway.policy.TargetAccess;
import io.reflow.gateway.session.OpenStreams;
import io.reflow.gateway.telemetry.Strangers;
import io.reflow.gateway.upstream.stdio.StdioDial;
import java.time.Duration;
import java.time.InstantSource;

/// What terminals are made of.
///
/// @param patience how long a client may take for its first message
public record TerminalParts(
    TerminalConfig config,
    Duration patience,
    Authenticator authenticator,
    PasswordCheck passwords,
    TargetAccess access,
    PolicyEngine policies,
    Credentials credentials,
    StdioDial dial,
    OpenStreams streams,
    AuditLog audit,
    Strangers strangers,
    InstantSource clock) {}
