package io.reflow.gateway.protocol;

import static java.util.function.Function.identity;
import static java.util.stream.Collectors.toMap;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The MCP revisions that the gateway knows, oldest first.
public enum ProtocolVersion {
  V2024_11_05("2024-11-05"),
  V2025_03_26("2025-03-26"),
  V2025_06_18("2025-06-18"),
  V2025_11_25("2025-11-25"),
  V2026_07_28("2026-07-28");

  private static final Map<String, ProtocolVersion> BY_WIRE_NAME =
      Arrays.stream(values()).collect(toMap(ProtocolVersion::wireName, identity()));

  private final String wireName;

  ProtocolVersion(String wireName) {
    this.wireName = wireName;
  }

  public String wireName() {
    return wireName;
  }

  /// The names of all revisions, newest first.
  public static List<String> newestFirst() {
    return Arrays.stream(values()).map(ProtocolVersion::wireName).toList().reversed();
  }

  public static Optional<ProtocolVersion> find(String wireName) {
    return Optional.ofNullable(BY_WIRE_NAME.get(wireName));
  }

  /// Since 2026-07-28 every request carries its own context: there is no `initialize` and no
  /// session.
  public boolean stateless() {
    return compareTo(V2026_07_28) >= 0;
  }
}
