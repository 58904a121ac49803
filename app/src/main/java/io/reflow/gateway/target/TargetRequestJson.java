package io.reflow.gateway.target;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A target as an admin writes it: every field of the REST contract, nothing checked yet.
///
/// @param command a text for a process, and a list of them for a pod
public record TargetRequestJson(
    @Nullable String name,
    @Nullable String transportType,
    @Nullable String url,
    @Nullable Object command,
    @Nullable List<String> args,
    @Nullable String image,
    @Nullable Integer port,
    @Nullable String path,
    @Nullable String healthPath,
    @Nullable Map<String, String> resources,
    @Nullable String egress,
    @Nullable List<String> egressAllow,
    @Nullable String serviceAccountName,
    @Nullable String runtimeClassName,
    @Nullable String idleTtl,
    @Nullable String maxLifetime,
    @Nullable String statefulness,
    @Nullable String isolationBoundary,
    @Nullable String authType,
    @Nullable String authHeaderName,
    @Nullable String protocol,
    @Nullable String title,
    @Nullable Integer priority,
    @Nullable String toolPrefix,
    @Nullable String uriMode,
    @Nullable String capabilities,
    @Nullable Map<String, Boolean> features,
    @Nullable Boolean replaySafe,
    @Nullable Boolean trusted,
    @Nullable Boolean tty,
    @Nullable Boolean network,
    @Nullable Boolean enabled,
    @Nullable String description) {

  /// A process with default settings.
  public static TargetRequestJson stdio(String name, String command, List<String> args) {
    return of(name, "stdio", null, command, args, null, null, null);
  }

  /// The same on a terminal, or not.
  public static TargetRequestJson stdio(
      String name, String command, List<String> args, boolean tty) {
    return of(name, "stdio", null, command, args, null, null, tty);
  }

  /// An HTTP server with default settings; its token travels in `authHeaderName`, if one is given,
  /// for `authType` `header`.
  public static TargetRequestJson http(
      String name, String url, @Nullable String authType, @Nullable String authHeaderName) {
    return of(name, "streamable-http", url, null, null, authType, authHeaderName, null);
  }

  /// The same for a server that speaks HTTP in the older way.
  public static TargetRequestJson sse(
      String name, String url, @Nullable String authType, @Nullable String authHeaderName) {
    return of(name, "sse", url, null, null, authType, authHeaderName, null);
  }

  private static TargetRequestJson of(
      String name,
      String transportType,
      @Nullable String url,
      @Nullable String command,
      @Nullable List<String> args,
      @Nullable String authType,
      @Nullable String authHeaderName,
      @Nullable Boolean tty) {
    return new TargetRequestJson(
        name,
        transportType,
        url,
        command,
        args,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        authType,
        authHeaderName,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        tty,
        null,
        null,
        null);
  }
}
