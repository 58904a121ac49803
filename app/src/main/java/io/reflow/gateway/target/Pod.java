package io.reflow.gateway.target;

import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// What the pods of a target are made of. Whatever is left open the operator decides.
///
/// @param path where the server answers MCP
/// @param healthPath answers 2xx when the server is ready; without one an open port is
/// @param command in place of the image's entry point; empty: the image's
/// @param arguments in place of the image's; empty: the image's
/// @param resources amounts by their names: limits, and requests as `requests.<name>`
/// @param allowed whom it may reach, with [Egress#LIST]
/// @param idleTtl as `1h30m`, `0s` for ever
/// @param maxLifetime as `24h`, `0s` without end
public record Pod(
    String image,
    int port,
    String path,
    Optional<String> healthPath,
    List<String> command,
    List<String> arguments,
    SortedMap<String, String> resources,
    Egress egress,
    List<Destination> allowed,
    Optional<String> serviceAccount,
    Optional<String> runtimeClass,
    Optional<String> idleTtl,
    Optional<String> maxLifetime) {

  public Pod {
    command = List.copyOf(command);
    arguments = List.copyOf(arguments);
    resources = Collections.unmodifiableSortedMap(new TreeMap<>(resources));
    allowed = List.copyOf(allowed);
  }

  /// Whom a pod may reach: nobody, what is listed, or the internet.
  public enum Egress {
    NONE,
    LIST,
    ALL;

    public String wireName() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /// A network; all of its TCP ports unless some are listed.
  public record Destination(String cidr, List<Integer> ports) {

    public Destination {
      ports = List.copyOf(ports);
    }

    /// As an admin writes it: `203.0.113.0/24` or `203.0.113.7/32:80,443`.
    public String wireName() {
      String listed = ports.stream().map(String::valueOf).collect(Collectors.joining(","));
      return ports.isEmpty() ? cidr : cidr + ":" + listed;
    }
  }
}
