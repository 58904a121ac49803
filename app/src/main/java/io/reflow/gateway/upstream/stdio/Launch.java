package io.reflow.gateway.upstream.stdio;

import io.reflow.gateway.config.Secret;
import io.reflow.gateway.instance.InstanceKey;
import java.util.List;
import java.util.Map;

/// What is to run as a child process, and for whom.
///
/// @param target its name, for messages
/// @param command the program as an admin wrote it, and its arguments
/// @param environment what it gets beside the few variables that every process has
/// @param key whose folder it works in
/// @param network whether it may reach the network
/// @param onTerminal whether it is started with a terminal, which is to be its controlling one
public record Launch(
    String target,
    List<String> command,
    Map<String, Secret> environment,
    InstanceKey key,
    boolean network,
    boolean onTerminal) {

  public Launch {
    command = List.copyOf(command);
    environment = Map.copyOf(environment);
  }
}
