package io.reflow.gateway.http;

import io.helidon.webserver.http.ServerRequest;
import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import jakarta.json.bind.Jsonb;
import jakarta.json.bind.JsonbBuilder;
import jakarta.json.bind.JsonbConfig;
import jakarta.json.bind.JsonbException;
import jakarta.json.bind.config.PropertyNamingStrategy;
import java.nio.charset.StandardCharsets;

/// JSON of the REST API to records and back.
final class JsonBody {

  private static final Jsonb JSONB =
      JsonbBuilder.create(
          new JsonbConfig()
              .withPropertyNamingStrategy(PropertyNamingStrategy.LOWER_CASE_WITH_UNDERSCORES)
              .setProperty("yasson.fail-on-unknown-properties", true));

  private JsonBody() {}

  static <T> T read(ServerRequest request, Class<T> type) {
    String body = new String(request.content().as(byte[].class), StandardCharsets.UTF_8);
    try {
      return JSONB.fromJson(body, type);
    } catch (JsonbException e) {
      throw new InvalidRequest("the body is not valid: " + e.getMessage());
    }
  }

  static byte[] write(Object json) {
    return JSONB.toJson(json).getBytes(StandardCharsets.UTF_8);
  }
}
