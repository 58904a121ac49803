package io.reflow.gateway.config;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// The `encryption` section. `key` has 32 characters; `keys` holds several as `<id>:<base64 of 32
/// bytes>`: the first encrypts, all decrypt.
public record EncryptionConfig(Optional<Secret> key, List<Secret> keys) {

  private static final Pattern KEY = Pattern.compile("[A-Za-z0-9._-]{1,32}:[A-Za-z0-9+/]+=*");

  static final EncryptionConfig DEFAULTS = new EncryptionConfig(Optional.empty(), List.of());

  public EncryptionConfig {
    keys = List.copyOf(keys);
    Check check = new Check("encryption");
    key.ifPresent(it ->
        check.that(
            it.reveal().getBytes(StandardCharsets.UTF_8).length == 32 && it.reveal().length() == 32,
            "key",
            Check.describe(it),
            "exactly 32 ASCII characters"));
    Set<String> ids = new HashSet<>();
    for (Secret it : keys) {
      String id = it.reveal().replaceFirst(":.*", "");
      check
          .that(isKey(it.reveal()), "keys", Check.describe(it), "<id>:<base64 of 32 bytes>")
          .that(ids.add(id), "keys", "an id twice", "an id of its own for each key");
    }
    check.orThrow();
  }

  private static boolean isKey(String key) {
    if (!KEY.matcher(key).matches()) {
      return false;
    }
    try {
      return Base64.getDecoder().decode(key.substring(key.indexOf(':') + 1)).length == 32;
    } catch (IllegalArgumentException _) {
      return false;
    }
  }
}
