package io.reflow.gateway.credential;

import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.target.TargetRules;
import java.util.Optional;

/// Where a key's value goes.
sealed interface Inject {

  /// Into the environment of a process; to an HTTP target it is not sent.
  record Environment() implements Inject {}

  /// To an HTTP target, as the value of a header.
  record Header(String name) implements Inject {}

  String HEADER = "header:";

  default String wireName() {
    return switch (this) {
      case Environment() -> "env";
      case Header(var name) -> HEADER + name;
    };
  }

  /// What an admin has written.
  ///
  /// @throws InvalidRequest saying what can be written
  static Inject read(String inject) {
    if (inject.equals("env")) {
      return new Environment();
    }
    if (!inject.startsWith(HEADER)) {
      throw new InvalidRequest("inject must be env, or header:<name>, such as header:X-Api-Key");
    }
    return new Header(TargetRules.headerName("inject", inject.substring(HEADER.length())));
  }

  /// Empty for what this version does not know.
  static Optional<Inject> stored(String inject) {
    if (inject.equals("env")) {
      return Optional.of(new Environment());
    }
    return inject.startsWith(HEADER)
        ? Optional.of(new Header(inject.substring(HEADER.length())))
        : Optional.empty();
  }
}
