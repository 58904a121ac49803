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
  private final StatelessListen listening;
  private final Results results;

  StatelessAnswers(Introduction introduction, StatelessListen listening, Results results) {
    this.introduction = introduction;
    this.listening = listening;
    this.results = results;
  }

  Reply answer(Call.InSession call) throws InterruptedException {
    return call.message().orElseThrow() instanceof Message.Request request
        ? answer(call, request)
        // Notifications of stateless clients mean nothing over HTTP.
        : new Reply.Accepted();
  }

  private Reply answer(Call.InSession call, Message.Request request) throws InterruptedException {
    return switch (request.method()) {
      case "server/discover" -> discover(call, request);
      case StatelessListen.METHOD -> listening.listen(call, request);
      default -> throw new MethodNotFound("Method not found: " + Refusals.quoted(request.method()));
    };
  }

  private Reply discover(Call.InSession call, Message.Request request) {
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
