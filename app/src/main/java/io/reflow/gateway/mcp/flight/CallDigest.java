package io.reflow.gateway.mcp.flight;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.RawJson;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;

/// Stands for what is called and with which arguments, however a client writes them down.
public final class CallDigest {

  private static final ObjectMapper CANONICAL =
      new ObjectMapper(JsonText.factory())
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS);

  private CallDigest() {}

  public static String of(String name, Optional<RawJson> arguments) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(JsonText.quote(name).getBytes(UTF_8));
      digest.update(canonical(arguments.orElse(RawJson.EMPTY_OBJECT)));
      return HexFormat.of().formatHex(Arrays.copyOf(digest.digest(), 16));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static byte[] canonical(RawJson json) {
    try {
      Object value = CANONICAL.readValue(json.array(), json.from(), json.length(), Object.class);
      return CANONICAL.writeValueAsBytes(value);
    } catch (IOException _) {
      // A number that is too long to be compared by its value, say.
      return json.toBytes();
    }
  }
}
