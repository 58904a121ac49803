package io.reflow.gateway.mcp;

import io.reflow.gateway.catalog.Locator.Sought;
import io.reflow.gateway.config.McpConfig;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.policy.ResourceUri;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.Reach;
import io.reflow.gateway.upstream.ServerFacts.Capability;
import io.reflow.gateway.upstream.UpstreamCall;
import io.reflow.gateway.upstream.Upstreams;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// Finds a resource that no target lists by asking one after the other. Reading changes nothing at
/// a target, but tells it what a caller wants: that is why an admin has to allow it.
final class ResourceProbe {

  private final Upstreams upstreams;
  private final McpConfig config;

  ResourceProbe(Upstreams upstreams, McpConfig config) {
    this.upstreams = upstreams;
    this.config = config;
  }

  /// The first target that has the resource, of those that the caller may ask for it.
  Optional<Reach> find(List<Sought> sought) throws InterruptedException {
    if (!config.extras().probeResources()) {
      return Optional.empty();
    }
    for (Sought each : sought) {
      if (!ResourceUri.evasive(each.uri()) && has(each)) {
        return Optional.of(each.reach());
      }
    }
    return Optional.empty();
  }

  private boolean has(Sought sought) throws InterruptedException {
    var call =
        new UpstreamCall(
            "resources/read",
            RawJson.of("{\"uri\":" + JsonText.quote(sought.uri()) + "}"),
            OptionalLong.empty(),
            config.timeout().list(),
            config.timeout().list());
    try {
      return upstreams.facts(sought.reach()).offers(Capability.RESOURCES)
          && upstreams.call(sought.reach(), call, Caller.SILENT) instanceof Answer.Result;
    } catch (UpstreamFailed _) {
      return false;
    }
  }
}
