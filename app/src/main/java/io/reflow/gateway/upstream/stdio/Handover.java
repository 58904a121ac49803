package io.reflow.gateway.upstream.stdio;

import io.reflow.gateway.config.Secret;
import io.reflow.gateway.credential.KeyRules;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Keeps what launchers would heed of a target's variables from them, such as `LD_PRELOAD`: some of
/// them are root still, or outside of the sandbox. Such a variable has another name until a shell,
/// contained as the program is, gives it its own. Values are in no command line.
final class Handover {

  private static final String LATER = "REFLOW_LATER_";

  /// Some names belong to the shell, which keeps its own value and goes on.
  private static final String RENAME =
      """
      for REFLOW_NAME in $0; do
        eval "command export $REFLOW_NAME=\\"\\$REFLOW_LATER_$REFLOW_NAME\\""
        unset "REFLOW_LATER_$REFLOW_NAME"
      done
      unset REFLOW_NAME
      exec "$@"
      """;

  private Handover() {}

  /// Adds a target's variables to `environment`.
  ///
  /// @return what stands in front of the program so that it finds all under their own names
  static List<String> add(Map<String, Secret> variables, Map<String, String> environment) {
    List<String> later = new ArrayList<>();
    variables.forEach((name, secret) -> {
      boolean waits = waits(name);
      if (waits) {
        later.add(name);
      }
      environment.put(waits ? LATER + name : name, secret.reveal());
    });
    return later.isEmpty() ? List.of() : List.of("/bin/sh", "-c", RENAME, String.join(" ", later));
  }

  /// The gateway's own variables steer no launcher, and a target must not take their places.
  private static boolean waits(String name) {
    return KeyRules.steers(name) && !name.startsWith("REFLOW_");
  }
}
