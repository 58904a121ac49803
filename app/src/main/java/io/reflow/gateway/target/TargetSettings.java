package io.reflow.gateway.target;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// What an admin may tune at a target and mostly does not.
///
/// @param stateful what it remembers belongs to one session of a client: each has an instance of
///   its own
/// @param features the features that were switched on or off by name; the others have their default
/// @param replaySafe calls may be sent twice
/// @param trusted what it says of itself is believed
/// @param uriMode what clients call its resources
public record TargetSettings(
    boolean stateful,
    ProtocolMode protocol,
    Map<String, Boolean> features,
    boolean replaySafe,
    boolean trusted,
    UriMode uriMode,
    Optional<String> description) {

  public static final TargetSettings DEFAULTS =
      new TargetSettings(
          false, ProtocolMode.AUTO, Map.of(), false, false, UriMode.PASSTHROUGH, Optional.empty());

  /// The feature that passes on a target's instructions.
  public static final String INSTRUCTIONS = "instructions";

  public TargetSettings {
    features = Collections.unmodifiableSortedMap(new TreeMap<>(features));
  }

  /// Those that make a difference to how the target is run or reached.
  public TargetSettings undescribed() {
    return new TargetSettings(
        stateful, protocol, features, replaySafe, trusted, uriMode, Optional.empty());
  }

  public boolean instructions() {
    return features.getOrDefault(INSTRUCTIONS, true);
  }
}
