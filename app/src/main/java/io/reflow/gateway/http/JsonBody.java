package io.reflow.gateway.http;

import io.helidon.http.HeaderNames;
import io.helidon.http.HttpException;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import jakarta.json.bind.Jsonb;
import jakarta.json.bind.JsonbBuilder;
import jakarta.json.bind.JsonbConfig;
import jakarta.json.bind.JsonbException;
import jakarta.json.bind.config.PropertyNamingStrategy;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// JSON of the REST API to records and back. Absent members are `null` in a record, and a `null`
/// component is absent from the JSON.
final class JsonBody {

  private static final Jsonb JSONB =
      JsonbBuilder.create(
          new JsonbConfig()
              .withPropertyNamingStrategy(PropertyNamingStrategy.LOWER_CASE_WITH_UNDERSCORES));

  private JsonBody() {}

  static <T> T read(ServerRequest request, Class<T> type) {
    checkMediaType(request.headers().first(HeaderNames.CONTENT_TYPE).orElse(""));
    return read(RequestBody.read(request), type);
  }

  /// The same, of a file that a program keeps for people to edit.
  static <T> T readRelaxed(ServerRequest request, Class<T> type) {
    checkMediaType(request.headers().first(HeaderNames.CONTENT_TYPE).orElse(""));
    return bind(RelaxedJson.strict(decode(RequestBody.read(request))), type);
  }

  /// Binds only what [JsonShape] has found to be in order: its messages name the field, those of
  /// the binder do not.
  static <T> T read(byte[] body, Class<T> type) {
    return bind(decode(body), type);
  }

  private static <T> T bind(String json, Class<T> type) {
    if (json.isBlank()) {
      throw new InvalidRequest("the body is empty; it must be JSON");
    }
    JsonShape.check(json, type);
    try {
      return JSONB.fromJson(json, type);
    } catch (JsonbException e) {
      throw refusedByRecord(e);
    }
  }

  static byte[] write(Object json) {
    return SafeJson.escaped(JSONB.toJson(json)).getBytes(StandardCharsets.UTF_8);
  }

  private static void checkMediaType(String header) {
    String[] parts = header.toLowerCase(Locale.ROOT).split(";", -1);
    boolean json = parts[0].strip().equals("application/json");
    for (int i = 1; i < parts.length; i++) {
      String parameter = parts[i].strip().replace("\"", "");
      json &= !parameter.startsWith("charset=") || parameter.equals("charset=utf-8");
    }
    if (!json) {
      throw new HttpException(
          "the body must be JSON in UTF-8, announced by 'Content-Type: application/json'",
          Status.UNSUPPORTED_MEDIA_TYPE_415,
          true);
    }
  }

  private static String decode(byte[] body) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
    } catch (CharacterCodingException _) {
      throw new InvalidRequest("the body is not valid UTF-8");
    }
  }

  /// What a record's own constructor found wrong, out of the binder's wrapping.
  private static RuntimeException refusedByRecord(JsonbException failure) {
    for (@Nullable Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof GatewayException refusal) {
        return refusal;
      }
    }
    return failure;
  }
}
