package io.reflow.gateway.target;

import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.target.Transport.Kubernetes;
import io.reflow.gateway.target.Transport.Sse;
import io.reflow.gateway.target.Transport.Stdio;
import io.reflow.gateway.target.Transport.StreamableHttp;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What a target must look like. Whatever passes can be stored and connected to; whatever does not
/// is an [InvalidRequest] that names the field.
public final class TargetRules {

  /// What a target's name must match: without `_`, so that a prefixed name splits in one way only.
  public static final Pattern NAME = Pattern.compile("[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?");

  private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}");

  /// Headers that belong to the connection, to the protocol or to the gateway itself.
  private static final Set<String> TAKEN_HEADERS =
      Set.of(
          "host",
          "content-length",
          "connection",
          "keep-alive",
          "proxy-authenticate",
          "proxy-authorization",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade",
          "expect",
          "accept",
          "accept-encoding",
          "content-type",
          "content-encoding",
          "last-event-id");

  private static final int LONGEST_TEXT = 4096;
  private static final int LONGEST_ARGUMENT = 32 * 1024;
  private static final int MOST_ARGUMENTS = 256;

  private TargetRules() {}

  /// The target that `request` describes, with revision 0 and no times yet.
  ///
  /// @param enabled what counts where the request says nothing
  public static Target check(TargetId id, TargetRequestJson request, boolean enabled) {
    Transport transport = transport(request);
    return new Target(
        id,
        name(request.name()),
        transport,
        isolation(request.isolationBoundary()),
        auth(request, transport),
        request.priority() == null ? 0 : request.priority(),
        text("title", request.title()),
        toolPrefix(request.toolPrefix()),
        request.enabled() == null ? enabled : request.enabled(),
        0,
        settings(request, transport),
        Instant.EPOCH,
        Instant.EPOCH);
  }

  /// All that a request says of a pod but the command.
  private static PodJson pod(TargetRequestJson request, @Nullable List<String> command) {
    return new PodJson(
        request.image(),
        request.port(),
        request.path(),
        request.healthPath(),
        command,
        request.args(),
        request.resources(),
        request.egress(),
        request.egressAllow(),
        request.serviceAccountName(),
        request.runtimeClassName(),
        request.idleTtl(),
        request.maxLifetime());
  }

  private static Transport transport(TargetRequestJson request) {
    String type =
        one(
            "transport_type",
            required("transport_type", request.transportType()),
            List.of("streamable-http", "sse", "stdio", "kubernetes"));
    if (request.tty() != null && request.tty() && !type.equals("stdio")) {
      throw new InvalidRequest("tty does not belong to transport_type " + type);
    }
    if (type.equals("kubernetes")) {
      refuse("url", request.url(), type);
      return new Kubernetes(PodRules.check(pod(request, words(request.command()))));
    }
    PodRules.given(pod(request, null)).forEach((field, value) -> refuse(field, value, type));
    if (type.equals("stdio")) {
      refuse("url", request.url(), type);
      boolean tty = request.tty() != null && request.tty();
      return new Stdio(command(request.command()), arguments(request.args()), tty);
    }
    refuse("command", request.command(), type);
    refuse("args", request.args(), type);
    URI url = url("url", required("url", request.url()));
    return type.equals("sse") ? new Sse(url) : new StreamableHttp(url);
  }

  private static void refuse(String field, @Nullable Object value, String transport) {
    if (value != null) {
      throw new InvalidRequest(
          "%s does not belong to transport_type %s".formatted(field, transport));
    }
  }

  static String name(@Nullable String name) {
    String given = required("name", name);
    if (!NAME.matcher(given).matches()) {
      throw new InvalidRequest(
          "name must be 1 to 40 lower-case letters, digits and inner hyphens (%s)"
              .formatted(NAME.pattern()));
    }
    return given;
  }

  /// The list that a command of a pod is.
  private static @Nullable List<String> words(@Nullable Object command) {
    if (command == null) {
      return null;
    }
    if (command instanceof List<?> list && list.stream().allMatch(String.class::isInstance)) {
      return list.stream().map(String.class::cast).toList();
    }
    throw new InvalidRequest("command must be an array of strings with transport_type kubernetes");
  }

  private static String command(@Nullable Object command) {
    if (command != null && !(command instanceof String)) {
      throw new InvalidRequest("command must be a string with transport_type stdio");
    }
    String given = required("command", (String) command);
    refuseNul("command", given);
    if (given.isBlank() || given.length() > LONGEST_TEXT) {
      throw new InvalidRequest("command must be the path or name of a program");
    }
    return given;
  }

  private static List<String> arguments(@Nullable List<String> arguments) {
    if (arguments == null) {
      return List.of();
    }
    if (arguments.size() > MOST_ARGUMENTS) {
      throw new InvalidRequest("args has more than %d members".formatted(MOST_ARGUMENTS));
    }
    List<String> checked = new ArrayList<>();
    for (@Nullable String argument : arguments) {
      if (argument == null || argument.length() > LONGEST_ARGUMENT) {
        throw new InvalidRequest(
            "args must hold texts of at most %d characters".formatted(LONGEST_ARGUMENT));
      }
      refuseNul("args", argument);
      checked.add(argument);
    }
    return checked;
  }

  private static void refuseNul(String field, String value) {
    if (value.indexOf('\0') >= 0) {
      throw new InvalidRequest(field + " must not contain a NUL character");
    }
  }

  /// A URL that a target can be reached at.
  ///
  /// @throws InvalidRequest naming the field, never what stands in it
  public static URI url(String field, String url) {
    URI uri;
    try {
      uri = new URI(url);
    } catch (URISyntaxException e) {
      throw new InvalidRequest("%s is not a URL: %s".formatted(field, e.getReason()));
    }
    String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
    if (!scheme.equals("http") && !scheme.equals("https")) {
      throw new InvalidRequest(field + " must be absolute and begin with http:// or https://");
    }
    if (uri.getRawAuthority() != null && uri.getRawAuthority().indexOf('@') >= 0) {
      throw new InvalidRequest(
          field + " must not hold a user or password: store AUTH_TOKEN for the target instead");
    }
    if (uri.getHost() == null || uri.getPort() == 0 || uri.getPort() > 65535) {
      throw new InvalidRequest(field + " must name a host, and a port between 1 and 65535 if any");
    }
    if (uri.getRawFragment() != null) {
      throw new InvalidRequest(field + " must not have a fragment");
    }
    if (url.length() > LONGEST_TEXT) {
      throw new InvalidRequest("%s is longer than %d characters".formatted(field, LONGEST_TEXT));
    }
    return uri;
  }

  private static Isolation isolation(@Nullable String isolation) {
    String given =
        one(
            "isolation_boundary",
            isolation,
            List.of("shared", "per_role", "per_group", "per_user"));
    return switch (given) {
      case "per_role" -> Isolation.PER_ROLE;
      case "per_group" -> Isolation.PER_GROUP;
      case "per_user" -> Isolation.PER_USER;
      default -> Isolation.SHARED;
    };
  }

  private static UpstreamAuth auth(TargetRequestJson request, Transport transport) {
    String type = one("auth_type", request.authType(), List.of("none", "bearer", "header"));
    if (transport.onDemand() && !type.equals("none")) {
      throw new InvalidRequest(
          "auth_type %s does not belong to transport_type %s: a process gets its secrets as"
                  .formatted(type, transport.wireName())
              + " env configs");
    }
    if (!type.equals("header")) {
      if (request.authHeaderName() != null) {
        throw new InvalidRequest("auth_header_name belongs to auth_type header only");
      }
      return type.equals("none") ? new UpstreamAuth.None() : new UpstreamAuth.Bearer();
    }
    return new UpstreamAuth.Header(headerName("auth_header_name", request.authHeaderName()));
  }

  /// A header that a credential may travel in.
  ///
  /// @throws InvalidRequest naming the field
  public static String headerName(String field, @Nullable String name) {
    String given = required(field, name);
    String lower = given.toLowerCase(Locale.ROOT);
    if (!TOKEN.matcher(given).matches()) {
      throw new InvalidRequest(field + " is not the name of an HTTP header");
    }
    if (TAKEN_HEADERS.contains(lower) || lower.startsWith("mcp-")) {
      throw new InvalidRequest("%s must not be '%s'".formatted(field, given));
    }
    return given;
  }

  private static Optional<String> toolPrefix(@Nullable String prefix) {
    if (prefix != null && !prefix.isEmpty() && !NAME.matcher(prefix).matches()) {
      throw new InvalidRequest(
          "tool_prefix must be empty, or lower-case letters, digits and inner hyphens (%s)"
              .formatted(NAME.pattern()));
    }
    return Optional.ofNullable(prefix);
  }

  private static TargetSettings settings(TargetRequestJson request, Transport transport) {
    String protocol =
        one("protocol", request.protocol(), List.of("auto", "modern", "legacy", "match"));
    if (transport instanceof Sse && protocol.equals("modern")) {
      throw new InvalidRequest(
          "protocol modern does not belong to transport_type sse: the modern era does without it");
    }
    String statefulness =
        one("statefulness", request.statefulness(), List.of("stateless", "stateful"));
    return new TargetSettings(
        statefulness.equals("stateful"),
        ProtocolMode.find(protocol).orElse(ProtocolMode.AUTO),
        features(request.features()),
        request.replaySafe() != null && request.replaySafe(),
        request.trusted() != null && request.trusted(),
        UriMode.find(one("uri_mode", request.uriMode(), List.of("passthrough", "wrap")))
            .orElseThrow(),
        CapabilityMode.find(
                one("capabilities", request.capabilities(), List.of("fingerprint", "superset")))
            .orElseThrow(),
        text("description", request.description()),
        network(request, transport));
  }

  private static boolean network(TargetRequestJson request, Transport transport) {
    if (request.network() != null && !(transport instanceof Stdio)) {
      refuse("network", request.network(), transport.wireName());
    }
    return request.network() == null || request.network();
  }

  private static Map<String, Boolean> features(@Nullable Map<String, Boolean> features) {
    if (features == null) {
      return Map.of();
    }
    for (Map.Entry<String, @Nullable Boolean> feature : features.entrySet()) {
      String field = "features." + feature.getKey();
      if (!TargetSettings.FEATURES.contains(feature.getKey())) {
        throw new InvalidRequest(
            field + " is unknown; known are " + sorted(TargetSettings.FEATURES));
      }
      if (feature.getValue() == null) {
        throw new InvalidRequest(field + " must be true or false");
      }
    }
    return Map.copyOf(features);
  }

  private static String sorted(Set<String> names) {
    return String.join(", ", names.stream().sorted().toList());
  }

  private static Optional<String> text(String field, @Nullable String value) {
    if (value == null || value.isEmpty()) {
      return Optional.empty();
    }
    refuseNul(field, value);
    if (value.length() > LONGEST_TEXT) {
      throw new InvalidRequest("%s is longer than %d characters".formatted(field, LONGEST_TEXT));
    }
    return Optional.of(value);
  }

  private static String required(String field, @Nullable String value) {
    if (value == null || value.isEmpty()) {
      throw new InvalidRequest(field + " is missing");
    }
    return value;
  }

  /// One of `available`, the first of them by default.
  private static String one(String field, @Nullable String value, List<String> available) {
    if (value == null) {
      return available.getFirst();
    }
    if (available.contains(value)) {
      return value;
    }
    throw new InvalidRequest(
        "%s is unknown; it must be one of %s".formatted(field, String.join(", ", available)));
  }
}
