package io.reflow.gateway.translation;

import io.reflow.gateway.protocol.ErrorCode;
import io.reflow.gateway.protocol.JsonArray;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Answer;
import java.util.Optional;
import java.util.stream.Collectors;

/// The errors of a target, by the codes that the client's revision has. An error whose code means
/// the same on both sides stays as it is.
final class Errors {

  private static final String HEADER_MISMATCH = "-32020";
  private static final String CAPABILITY_MISSING = "-32021";
  private static final String VERSION_UNSUPPORTED = "-32022";
  private static final String URL_ELICITATION = "-32042";
  private static final String NOT_FOUND = code(ErrorCode.RESOURCE_NOT_FOUND);
  private static final String INVALID_PARAMS = code(ErrorCode.INVALID_PARAMS);

  private final ProtocolVersion client;
  private final ProtocolVersion target;
  private final ResourceUris uris;

  Errors(ProtocolVersion client, ProtocolVersion target, ResourceUris uris) {
    this.client = client;
    this.target = target;
    this.uris = uris;
  }

  private static String code(ErrorCode code) {
    return Integer.toString(code.value());
  }

  Answer translated(Asked asked, RawJson error) {
    return Rewrite.object(error)
        .map(members -> translated(asked, members))
        .orElseGet(() -> new Answer.Failure(error));
  }

  private Answer translated(Asked asked, JsonObject error) {
    String code = error.value("code").map(RawJson::toString).orElse("");
    if (!client.stateless()) {
      switch (code) {
        case HEADER_MISMATCH, VERSION_UNSUPPORTED -> {
          return internal(error, "The target and the gateway do not understand each other");
        }
        case CAPABILITY_MISSING -> {
          return told(asked, error, "The client lacks what the target needs: " + missing(error));
        }
        case URL_ELICITATION -> {
          if (!understandsUrls(asked)) {
            return told(asked, error, urls(error));
          }
        }
        default -> {}
      }
    }
    return new Answer.Failure(notFound(asked, wrapped(error), code));
  }

  private boolean understandsUrls(Asked asked) {
    return client.compareTo(ProtocolVersion.V2025_11_25) >= 0 && asked.client().elicitationUrl();
  }

  private static String missing(JsonObject error) {
    return Rewrite.object(error, "data")
        .flatMap(data -> Rewrite.object(data, "requiredCapabilities"))
        .map(needed ->
            needed.members().stream()
                .map(JsonObject.Member::name)
                .collect(Collectors.joining(", ")))
        .orElse("a capability");
  }

  /// What the pages are for that the user is to open, and where they are.
  private static String urls(JsonObject error) {
    Optional<RawJson> elicitations =
        Rewrite.object(error, "data").flatMap(data -> data.value("elicitations"));
    return elicitations
        .map(pages ->
            JsonArray.elements(pages).stream()
                .flatMap(page -> Rewrite.object(page).stream())
                .map(page ->
                    page.text("message").orElse("Open this page")
                        + ": "
                        + page.text("url").orElse(""))
                .collect(Collectors.joining("\n")))
        .filter(text -> !text.isEmpty())
        .orElseGet(() -> error.text("message").orElse("The user has to open a page first"));
  }

  /// A tool says it to the model; everything else fails.
  private static Answer told(Asked asked, JsonObject error, String text) {
    return asked.method().equals("tools/call")
        ? new Answer.Result(
            RawJson.of(
                "{\"content\":[{\"type\":\"text\",\"text\":%s}],\"isError\":true}"
                    .formatted(JsonText.quote(text))))
        : internal(error, text);
  }

  private static Answer internal(JsonObject error, String text) {
    return new Answer.Failure(
        new JsonObjectEdit(error)
            .set("code", RawJson.of(code(ErrorCode.INTERNAL_ERROR)))
            .set("message", JsonText.string(text))
            .drop("data")
            .apply());
  }

  private JsonObject wrapped(JsonObject error) {
    if (!uris.wraps()) {
      return error;
    }
    RawJson changed = Rewrite.member(error, "data", data -> Rewrite.member(data, "uri", uris::uri));
    return Rewrite.object(changed).orElse(error);
  }

  /// That there is no such resource has had two codes.
  private RawJson notFound(Asked asked, JsonObject error, String code) {
    boolean namesUri =
        Rewrite.object(error, "data").filter(data -> data.text("uri").isPresent()).isPresent();
    if (client.stateless() && code.equals(NOT_FOUND)) {
      var edit = new JsonObjectEdit(error).set("code", RawJson.of(INVALID_PARAMS));
      if (!namesUri) {
        asked.uri().ifPresent(uri -> edit.set("data", withUri(error, uri)));
      }
      return edit.apply();
    }
    boolean stateless = target.stateless() && !client.stateless();
    if (stateless && code.equals(INVALID_PARAMS) && namesUri && asked.uri().isPresent()) {
      return new JsonObjectEdit(error).set("code", RawJson.of(NOT_FOUND)).apply();
    }
    return error.raw();
  }

  private static RawJson withUri(JsonObject error, String uri) {
    JsonObject data = Rewrite.object(error, "data").orElse(JsonObject.EMPTY);
    return new JsonObjectEdit(data).set("uri", JsonText.string(uri)).apply();
  }
}
