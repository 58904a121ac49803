package io.reflow.gateway;

import java.util.Optional;

/// The version of this build, as the jar's manifest has it.
record Version(String text) {

  static Version current() {
    return new Version(
        Optional.ofNullable(Version.class.getPackage().getImplementationVersion())
            .orElse("development"));
  }
}
