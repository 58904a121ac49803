package io.reflow.gateway.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLEncoder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/// Looks for secrets in texts: as they are, and in the forms that programs write bytes in.
public final class SecretScanner {

  private static final int SHORTEST = 8;

  private final Map<String, Set<String>> forms = new LinkedHashMap<>();

  /// Takes a secret to look for.
  ///
  /// @param name what is said when it is found
  public SecretScanner plant(String name, String secret) {
    if (secret.length() < SHORTEST) {
      throw new IllegalArgumentException(name + " is so short that it may be found anywhere");
    }
    byte[] bytes = secret.getBytes(UTF_8);
    String hex = HexFormat.of().formatHex(bytes);
    forms.put(
        name,
        Set.copyOf(
            List.of(
                secret,
                TestGateway.json(secret).replaceAll("^\"|\"$", ""),
                URLEncoder.encode(secret, UTF_8),
                hex,
                hex.toUpperCase(Locale.ROOT),
                inBase64(bytes))));
    return this;
  }

  /// But for the last characters, which depend on what follows.
  private static String inBase64(byte[] bytes) {
    return Base64.getEncoder()
        .withoutPadding()
        .encodeToString(bytes)
        .substring(0, bytes.length / 3 * 4);
  }

  /// Which secrets are where.
  ///
  /// @param sources texts by where they are from
  public List<String> scan(Map<String, String> sources) {
    List<String> found = new ArrayList<>();
    sources.forEach((source, text) ->
        forms.forEach((name, written) -> {
          if (written.stream().anyMatch(text::contains)) {
            found.add("%s in %s".formatted(name, source));
          }
        }));
    return found;
  }
}
