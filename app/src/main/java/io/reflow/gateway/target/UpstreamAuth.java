package io.reflow.gateway.target;

/// How the target's token travels to an HTTP target.
public sealed interface UpstreamAuth {

  record None() implements UpstreamAuth {}

  /// `Authorization: Bearer <token>`.
  record Bearer() implements UpstreamAuth {}

  /// The token as the value of the header `name`.
  record Header(String name) implements UpstreamAuth {}

  default String wireName() {
    return switch (this) {
      case None() -> "none";
      case Bearer() -> "bearer";
      case Header _ -> "header";
    };
  }
}
