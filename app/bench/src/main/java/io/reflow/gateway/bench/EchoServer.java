package io.reflow.gateway.bench;

import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.protocol.MessageReader;
import java.io.IOException;

/// An MCP server over HTTP that does as little as one can.
final class EchoServer {

  private static final Header JSON =
      HeaderValues.createCached(HeaderNames.CONTENT_TYPE, "application/json");

  private EchoServer() {}

  public static void main(String[] arguments) throws IOException {
    BareServer.run(routing -> routing.post("/mcp", EchoServer::answer));
  }

  private static void answer(ServerRequest request, ServerResponse response) {
    byte[] body = request.content().as(byte[].class);
    try {
      switch (MessageReader.read(body, 0, body.length)) {
        case Message.Request(var id, var method, var _) ->
            response.header(JSON).send(Echo.answer(method, id.toString()));
        case Message.Notification _, Message.Result _, Message.Failure _ ->
            response.status(Status.ACCEPTED_202).send();
      }
    } catch (MalformedMessage e) {
      response.status(Status.BAD_REQUEST_400).send(e.why());
    }
  }
}
