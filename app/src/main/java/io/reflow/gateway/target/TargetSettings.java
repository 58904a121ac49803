package io.reflow.gateway.target;

import java.util.Map;
import java.util.Optional;

/// What an admin may tune at a target and mostly does not.
///
/// @param stateful what it remembers belongs to one session of a client: each has an instance of
///   its own
/// @param features the features that were switched on or off by name; the others have their default
/// @param replaySafe calls may be sent twice
/// @param trusted what it says of itself is believed
/// @param uriMode what clients call its resources
/// @param network whether its processes may reach the network
public record TargetSettings(
    boolean stateful,
    ProtocolMode protocol,
    Map<String, Boolean> features,
    boolean replaySafe,
    boolean trusted,
    UriMode uriMode,
    Optional<String> description,
    boolean network) {

  public static final TargetSettings DEFAULTS =
      new TargetSettings(
          false, ProtocolMode.AUTO, Map.of(), false, false, UriMode.PASSTHROUGH, Optional.empty());

  /// The feature that passes on a target's instructions.
  public static final String INSTRUCTIONS = "instructions";

  /// The settings of a target that may reach the network.
  public TargetSettings(
      boolean stateful,
      ProtocolMode protocol,
      Map<String, Boolean> features,
      boolean replaySafe,
      boolean trusted,
      UriMode uriMode,
      Optional<String> description) {
    this(stateful, protocol, features, replaySafe, trusted, uriMode, description, true);
  }

  public TargetSettings {
    features = Map.copyOf(features);
  }

  public boolean instructions() {
    return features.getOrDefault(INSTRUCTIONS, true);
  }
}
