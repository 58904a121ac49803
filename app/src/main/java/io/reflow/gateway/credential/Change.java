package io.reflow.gateway.credential;

import io.reflow.gateway.config.Secret;
import java.util.Optional;

/// What is to be stored of a key; what is absent stays as it was.
record Change(
    String key,
    Optional<Secret> value,
    Optional<String> description,
    Optional<Boolean> userSettable,
    Optional<Inject> inject) {

  static Change value(String key, Secret value) {
    return new Change(
        key, Optional.of(value), Optional.empty(), Optional.empty(), Optional.empty());
  }
}
