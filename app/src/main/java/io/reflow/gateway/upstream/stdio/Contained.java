package io.reflow.gateway.upstream.stdio;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/// A child process as it is really started: what contains it stands in front of its own command.
///
/// @param uid the user that it runs as, if that is none of the gateway's
/// @param namespace whether it runs in a namespace of processes, which ends as a whole
record Contained(
    List<String> line,
    Map<String, String> environment,
    Path home,
    OptionalInt uid,
    boolean namespace) {}
