package io.reflow.gateway.upstream;

import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import java.util.Optional;
import java.util.Set;

/// What a target said of itself at the handshake. `capabilities` and `serverInfo` are its own
/// words; `offers` is what the gateway made of them.
public record ServerFacts(
    ProtocolVersion version,
    RawJson capabilities,
    RawJson serverInfo,
    Optional<String> instructions,
    Set<Capability> offers) {

  public ServerFacts {
    offers = Set.copyOf(offers);
  }

  /// The server capabilities that the gateway acts on.
  public enum Capability {
    TOOLS,
    TOOLS_LIST_CHANGED,
    PROMPTS,
    PROMPTS_LIST_CHANGED,
    RESOURCES,
    RESOURCES_LIST_CHANGED,
    RESOURCES_SUBSCRIBE,
    COMPLETIONS,
    LOGGING
  }

  public ServerFacts withoutInstructions() {
    return new ServerFacts(version, capabilities, serverInfo, Optional.empty(), offers);
  }

  public boolean offers(Capability capability) {
    return offers.contains(capability);
  }
}
