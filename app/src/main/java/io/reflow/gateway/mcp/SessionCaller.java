package io.reflow.gateway.mcp;

import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.LogLevel;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.Session;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.InputRequest;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The client of one request in a session, as a target sees it: what the target tells or asks goes
/// to the stream of that request.
final class SessionCaller implements Caller {

  private final SessionStream stream;
  private final Session session;
  private final Supplier<Optional<String>> label;
  private final ClientQuestions.Patience patience;
  private final Asides asides;
  private @Nullable ClientQuestions questions;

  /// @param progressToken what the client calls the progress of its request, if it wants to hear
  /// @param label names the target to a user who may not know which one asks
  /// @param patience with an answer of the client
  SessionCaller(
      SessionStream stream,
      Session session,
      Optional<RawJson> progressToken,
      Supplier<Optional<String>> label,
      ClientQuestions.Patience patience) {
    this.stream = stream;
    this.session = session;
    this.label = label;
    this.patience = patience;
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
      asides.log(params, logLevel());
    }
  }

  @Override
  public Map<String, InputRequest.Answer> ask(List<InputRequest> requests)
      throws InterruptedException {
    return questions().ask(requests);
  }

  private synchronized ClientQuestions questions() {
    ClientQuestions asked = questions;
    if (asked == null) {
      asked =
          new ClientQuestions(
              session.conversation().questions(), capabilities(), stream, label, patience);
      questions = asked;
    }
    return asked;
  }

  /// A client that takes only plain answers can't be asked anything.
  @Override
  public ClientCapabilities capabilities() {
    return stream.accepted() ? session.capabilities() : ClientCapabilities.NONE;
  }

  @Override
  public Optional<LogLevel> logLevel() {
    return session.logLevel();
  }

  @Override
  public boolean takesInputRequired() {
    return false;
  }

  SessionStream stream() {
    return stream;
  }

  private void withdraw() {
    ClientQuestions asked;
    synchronized (this) {
      asked = questions;
    }
    if (asked != null) {
      asked.withdraw();
    }
  }

  /// The call is over: what it still asks is taken back, and what the target said before and was
  /// held back goes out now.
  void done() {
    withdraw();
    asides.flush();
  }
}
