package io.reflow.gateway.api;

import io.reflow.gateway.api.ProbeReport.Failed;
import io.reflow.gateway.api.ProbeReport.Reached;
import io.reflow.gateway.fault.GatewayException.NotPermitted;
import io.reflow.gateway.http.Exchange;
import io.reflow.gateway.identity.Authentication.Authenticated;
import io.reflow.gateway.policy.Decision.Allowed;
import io.reflow.gateway.policy.Decision.Denied;
import io.reflow.gateway.policy.PolicyEngine;
import io.reflow.gateway.policy.TargetAccess;
import io.reflow.gateway.target.Target;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `/api/targets/{id}/probe`. The admin's own instance is probed, so the policies must let the
/// admin in.
public final class ProbeRoutes {

  private final TargetAccess access;
  private final PolicyEngine policies;
  private final Prober prober;

  public ProbeRoutes(TargetAccess access, PolicyEngine policies, Prober prober) {
    this.access = access;
    this.policies = policies;
    this.prober = prober;
  }

  /// The report: `error` is missing exactly when the target answered.
  public record ReportJson(
      boolean reached,
      @Nullable String era,
      @Nullable String protocolVersion,
      @Nullable String serverName,
      @Nullable String serverVersion,
      @Nullable Integer tools,
      @Nullable Integer resources,
      @Nullable Integer prompts,
      @Nullable String error,
      @Nullable List<String> stderr) {

    static ReportJson of(ProbeReport report) {
      return switch (report) {
        case Reached reached ->
            new ReportJson(
                true,
                reached.era(),
                reached.protocolVersion(),
                reached.serverName(),
                reached.serverVersion().orElse(null),
                reached.tools().orElse(null),
                reached.resources().orElse(null),
                reached.prompts().orElse(null),
                null,
                null);
        case Failed(var error, var stderr) ->
            new ReportJson(false, null, null, null, null, null, null, null, error, stderr);
      };
    }
  }

  public void probe(Exchange<Authenticated> exchange) throws InterruptedException {
    Authenticated caller = exchange.caller();
    Target target = access.get(caller, exchange.id("id"));
    switch (policies.visible(caller.identity(), target.id())) {
      case Denied(_, var reason) ->
          throw new NotPermitted(
              "the policies do not let you reach target '%s': %s".formatted(target.name(), reason));
      case Allowed(var permit) -> exchange.ok(ReportJson.of(prober.probe(target, permit)));
    }
  }
}
