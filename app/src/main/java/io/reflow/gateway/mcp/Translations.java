package io.reflow.gateway.mcp;

import io.reflow.gateway.catalog.KnownServers;
import io.reflow.gateway.catalog.SeenUris;
import io.reflow.gateway.config.McpConfig;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.Session;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.translation.Asked;
import io.reflow.gateway.translation.ResourceUris;
import io.reflow.gateway.translation.Translation;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.ServerFacts;
import io.reflow.gateway.upstream.ServerFacts.Capability;
import java.util.Optional;

/// Chooses how answers are translated: by the revisions of the client and of the target, as it was
/// last connected.
final class Translations {

  /// Nobody has answered anything before the gateway knows what it speaks, so this never counts.
  private static final ProtocolVersion ASSUMED = ProtocolVersion.V2025_11_25;

  private final KnownServers servers;
  private final SeenUris seen;
  private final McpConfig config;

  Translations(KnownServers servers, SeenUris seen, McpConfig config) {
    this.servers = servers;
    this.seen = seen;
    this.config = config;
  }

  Translation between(Session client, Target target) {
    return between(client, target, servers.facts(target.id()));
  }

  private Translation between(Session client, Target target, Optional<ServerFacts> facts) {
    return Translation.between(
        client.version(),
        facts.map(ServerFacts::version).orElse(ASSUMED),
        ResourceUris.of(target),
        config.extras().upstreamIdentity()
            ? Optional.of(identity(target, facts))
            : Optional.empty());
  }

  private static RawJson identity(Target target, Optional<ServerFacts> facts) {
    String serverInfo =
        facts
            .map(ServerFacts::serverInfo)
            .filter(info -> info.length() > 2)
            .map(info -> ",\"serverInfo\":" + info)
            .orElse("");
    return RawJson.of("{\"target\":" + JsonText.quote(target.name()) + serverInfo + "}");
  }

  /// The revision that a target speaks.
  ProtocolVersion spokenBy(Target target) {
    return servers.facts(target.id()).map(ServerFacts::version).orElse(ASSUMED);
  }

  /// What the target answered, as the client's revision has it.
  ///
  /// @param uri of the resource that was to be read, as the client calls it
  Answer answer(Session client, Target target, String method, Optional<String> uri, Answer answer) {
    Optional<ServerFacts> facts = servers.facts(target.id());
    // What a target without resources speaks of can't be read from it.
    boolean read = facts.filter(known -> known.offers(Capability.RESOURCES)).isPresent();
    if (read && answer instanceof Answer.Result(var result, var _)) {
      seen.note(client.owner().user(), target.id(), method, result);
    }
    try {
      return between(client, target, facts)
          .answer(new Asked(method, uri, target.settings().usable(client.capabilities())), answer);
    } catch (MalformedMessage e) {
      throw new UpstreamFailed(target.name(), "answered with garbage: " + e.why());
    }
  }
}
