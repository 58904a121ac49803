package io.reflow.gateway.upstream;

import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import java.util.Optional;

/// What is known of a request's parameters since they were written, so that nobody has to read them
/// again.
///
/// @param name of the tool or prompt, or the URI of the resource, that the request is about
/// @param meta the value of `_meta`: a view into the bytes of the parameters
public record ParamsIndex(Optional<String> name, Optional<RawJson> meta) {

  public static final ParamsIndex EMPTY = new ParamsIndex(Optional.empty(), Optional.empty());

  /// Reads the parameters for what is to be known of them.
  ///
  /// @param params one JSON object
  public static ParamsIndex read(String method, RawJson params) {
    if (params.length() == 2) {
      return EMPTY;
    }
    try {
      JsonObject members = MessageReader.readObject(params);
      return new ParamsIndex(nameMember(method).flatMap(members::text), members.value("_meta"));
    } catch (MalformedMessage e) {
      throw new IllegalArgumentException("parameters that are no object", e);
    }
  }

  /// The member of the parameters that says what a request of this method is about.
  public static Optional<String> nameMember(String method) {
    return switch (method) {
      case "tools/call", "prompts/get" -> Optional.of("name");
      case "resources/read" -> Optional.of("uri");
      case "tasks/get", "tasks/update", "tasks/cancel" -> Optional.of("taskId");
      default -> Optional.empty();
    };
  }
}
