package io.reflow.gateway.mcp;

import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.LogLevel;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.Session;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.InputRequest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The client of one request, as a target sees it: what it wants to hear goes to the stream of that
/// request, as far as the client asked for it.
final class StreamCaller implements Caller {

  private static final InputRequest.Answer NOT_SUPPORTED =
      new InputRequest.Answer.Refused(
          RawJson.of("{\"code\":-32601,\"message\":\"not supported by this client\"}"));

  private final ClientStream stream;
  private final Session session;
  private final Asides asides;

  /// @param progressToken what the client calls the progress of its request, if it wants to hear
  StreamCaller(ClientStream stream, Session session, Optional<RawJson> progressToken) {
    this.stream = stream;
    this.session = session;
    this.asides = new Asides(progressToken, stream::send);
  }

  @Override
  public void progress(RawJson params) {
    if (stream.accepted()) {
      asides.progress(params);
    }
  }

  @Override
  public void log(RawJson params) {
    if (stream.accepted()) {
      asides.log(params, session.logLevel());
    }
  }

  /// The request is about to be answered: what was held back goes out now.
  void done() {
    asides.flush();
  }

  /// A request that has to be answered as it is can't be asked back.
  @Override
  public Map<String, InputRequest.Answer> ask(List<InputRequest> questions) {
    Map<String, InputRequest.Answer> answers = new LinkedHashMap<>();
    questions.forEach(question -> answers.put(question.key(), NOT_SUPPORTED));
    return answers;
  }

  @Override
  public ClientCapabilities capabilities() {
    return session.capabilities();
  }

  @Override
  public Optional<LogLevel> logLevel() {
    return session.logLevel();
  }

  @Override
  public boolean takesInputRequired() {
    return session.stateless();
  }
}
