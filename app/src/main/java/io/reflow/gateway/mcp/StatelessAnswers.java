package io.reflow.gateway.mcp;

import io.reflow.gateway.fault.GatewayException.MethodNotFound;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.target.Target;
import java.util.List;
import java.util.stream.Collectors;

/// What the gateway answers itself where there are no sessions: what it is and offers.
///
/// See <https://modelcontextprotocol.io/specification/2026-07-28/server/discover>
final class StatelessAnswers {

  private static final String VERSIONS =
      ProtocolVersion.newestFirst().stream()
          .map(JsonText::quote)
          .collect(Collectors.joining(",", "[", "]"));

  private final Introduction introduction;
  private final Results results;

  StatelessAnswers(Introduction introduction, Results results) {
    this.introduction = introduction;
    this.results = results;
  }

  Reply answer(Call.InSession call) {
    return call.message().orElseThrow() instanceof Message.Request request
        ? answer(call, request)
        // Notifications of stateless clients mean nothing over HTTP.
        : new Reply.Accepted();
  }

  private Reply answer(Call.InSession call, Message.Request request) {
    if (!request.method().equals("server/discover")) {
      throw new MethodNotFound("Method not found: " + Refusals.quoted(request.method()));
    }
    List<Target> visible = introduction.visible(call);
    String result =
        "{\"supportedVersions\":%s,\"capabilities\":%s%s}"
            .formatted(
                VERSIONS,
                introduction.capabilities(visible),
                introduction
                    .instructions(call.caller(), visible)
                    .map(text -> ",\"instructions\":" + JsonText.quote(text))
                    .orElse(""));
    return Replies.result(
        request.id(), results.own(call.session(), request.method(), RawJson.of(result)));
  }
}
