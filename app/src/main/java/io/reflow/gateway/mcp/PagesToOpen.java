package io.reflow.gateway.mcp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.RawJson;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.StringJoiner;

/// What a target of the `initialize` era means by the error -32042: the call can be made once the
/// user has been to these pages.
///
/// See
/// <https://modelcontextprotocol.io/specification/2025-11-25/client/elicitation#url-elicitation-required-error>
record PagesToOpen(List<Page> pages) {

  static final int CODE = -32042;

  private static final ObjectMapper JSON = new ObjectMapper(JsonText.factory());

  record Page(String url, String message) {}

  PagesToOpen {
    pages = List.copyOf(pages);
  }

  /// Reads the error; empty where it is another one.
  static Optional<PagesToOpen> read(RawJson error) {
    try {
      JsonNode tree = JSON.readTree(error.array(), error.from(), error.length());
      if (tree.path("code").asInt() != CODE) {
        return Optional.empty();
      }
      List<Page> pages = new ArrayList<>();
      for (JsonNode each : tree.path("data").path("elicitations")) {
        pages.add(new Page(each.path("url").asText(), each.path("message").asText()));
      }
      return Optional.of(new PagesToOpen(pages));
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  /// As input requests, which send the user to each of the pages.
  String inputRequests() {
    var members = new StringJoiner(",", "{", "}");
    int number = 0;
    for (Page page : pages) {
      number++;
      members.add(
          ("\"elicitation-%d\":{\"method\":\"elicitation/create\","
                  + "\"params\":{\"mode\":\"url\",\"url\":%s,\"message\":%s}}")
              .formatted(number, JsonText.quote(page.url()), JsonText.quote(page.message())));
    }
    return members.toString();
  }
}
