package io.reflow.gateway.mcp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.InputRequest;
import io.reflow.gateway.upstream.PageAddress;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// What a target of the `initialize` era means by the error -32042: the call can be made once the
/// user has been to these pages.
///
/// See
/// <https://modelcontextprotocol.io/specification/2025-11-25/client/elicitation#url-elicitation-required-error>
record PagesToOpen(List<Page> pages) {

  static final int CODE = -32042;

  private static final int MOST = 20;
  private static final int LONGEST_ID = 256;

  private static final ObjectMapper JSON = new ObjectMapper(JsonText.factory());

  /// @param id what the target calls it, to say later that the user is through with it
  record Page(Optional<String> id, String url, String message) {}

  PagesToOpen {
    pages = List.copyOf(pages);
  }

  /// Reads the error; empty where it is another one, or where no user is to be sent.
  static Optional<PagesToOpen> read(RawJson error) {
    try {
      JsonNode tree = JSON.readTree(error.array(), error.from(), error.length());
      if (tree.path("code").asInt() != CODE) {
        return Optional.empty();
      }
      List<Page> pages = new ArrayList<>();
      for (JsonNode each : tree.path("data").path("elicitations")) {
        JsonNode id = each.path("elicitationId");
        pages.add(
            new Page(
                id.isTextual() && id.textValue().length() <= LONGEST_ID
                    ? Optional.of(id.textValue())
                    : Optional.empty(),
                each.path("url").asText(),
                each.path("message").asText()));
      }
      return Optional.of(new PagesToOpen(pages)).filter(PagesToOpen::acceptable);
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  private boolean acceptable() {
    return pages.size() <= MOST && pages.stream().map(Page::url).allMatch(PageAddress::safe);
  }

  /// By the target's ids, those that have one.
  Set<String> ids() {
    return pages.stream().flatMap(page -> page.id().stream()).collect(Collectors.toSet());
  }

  /// As questions, which send the user to each of the pages.
  List<InputRequest> questions() {
    List<InputRequest> questions = new ArrayList<>();
    for (Page page : pages) {
      String params =
          "{\"mode\":\"url\",\"url\":%s,\"message\":%s}"
              .formatted(JsonText.quote(page.url()), JsonText.quote(page.message()));
      questions.add(
          new InputRequest(
              "elicitation-" + (questions.size() + 1), "elicitation/create", object(params)));
    }
    return questions;
  }

  private static JsonObject object(String json) {
    try {
      return MessageReader.readObject(RawJson.of(json));
    } catch (MalformedMessage e) {
      throw new IllegalStateException("the gateway has made an object that is none", e);
    }
  }
}
