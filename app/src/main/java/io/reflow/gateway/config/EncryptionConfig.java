package io.reflow.gateway.config;

import java.util.List;
import java.util.Optional;

/// The `encryption` section. `key` has 32 characters; `keys` holds several as `<id>:<base64 of 32
/// bytes>`: the first encrypts, all decrypt.
public record EncryptionConfig(Optional<Secret> key, List<Secret> keys) {

  static final EncryptionConfig DEFAULTS = new EncryptionConfig(Optional.empty(), List.of());

  public EncryptionConfig {
    keys = List.copyOf(keys);
  }
}
