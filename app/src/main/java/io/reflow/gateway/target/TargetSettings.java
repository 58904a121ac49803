package io.reflow.gateway.target;

import io.reflow.gateway.protocol.ClientCapabilities;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// What an admin may tune at a target and mostly does not.
///
/// @param stateful what it remembers belongs to one session of a client: each has an instance of
///   its own
/// @param features the features that were switched on or off by name; the others have their default
/// @param replaySafe calls may be sent twice: a suspended one is, when its replica is gone
/// @param trusted what it says of itself is believed
/// @param uriMode what clients call its resources
/// @param capabilities what it hears of its clients, where it is told once and for all
/// @param network whether its processes may reach the network
public record TargetSettings(
    boolean stateful,
    ProtocolMode protocol,
    Map<String, Boolean> features,
    boolean replaySafe,
    boolean trusted,
    UriMode uriMode,
    CapabilityMode capabilities,
    Optional<String> description,
    boolean network) {

  public static final TargetSettings DEFAULTS =
      new TargetSettings(
          false,
          ProtocolMode.AUTO,
          Map.of(),
          false,
          false,
          UriMode.PASSTHROUGH,
          CapabilityMode.FINGERPRINT,
          Optional.empty(),
          true);

  private static final String INSTRUCTIONS = "instructions";
  private static final String SAMPLING = "sampling";
  private static final String ELICITATION = "elicitation";
  private static final String ROOTS = "roots";
  private static final String UI = "ui";

  /// What can be switched on and off; all of it is on by default.
  public static final Set<String> FEATURES = Set.of(INSTRUCTIONS, SAMPLING, ELICITATION, ROOTS, UI);

  public TargetSettings {
    features = Collections.unmodifiableSortedMap(new TreeMap<>(features));
  }

  /// Those that make a difference to how the target is run or reached.
  public TargetSettings undescribed() {
    return new TargetSettings(
        stateful,
        protocol,
        features,
        replaySafe,
        trusted,
        uriMode,
        capabilities,
        Optional.empty(),
        network);
  }

  /// Whether the target's instructions are passed on.
  public boolean instructions() {
    return on(INSTRUCTIONS);
  }

  /// Whether pages of the target's own are shown to clients.
  public boolean ui() {
    return on(UI);
  }

  private boolean on(String feature) {
    return features.getOrDefault(feature, true);
  }

  /// What the target may use of what a client can do.
  public ClientCapabilities usable(ClientCapabilities client) {
    return features.isEmpty()
        ? client
        : client.limitedTo(
            new ClientCapabilities.Kinds(on(ROOTS), on(SAMPLING), on(ELICITATION), on(UI)));
  }

  /// What the target hears of a client, where it is told once and for all.
  public ClientCapabilities told(ClientCapabilities client) {
    return usable(
        switch (capabilities) {
          case FINGERPRINT -> client;
          case SUPERSET -> ClientCapabilities.ALL;
        });
  }
}
