package io.reflow.gateway.mcp;

import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.LogLevel;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.Session;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.InputRequest;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The client of one request in a session, as a target sees it: what the target tells or asks goes
/// to the stream of that request.
final class SessionCaller implements Caller {

  private static final Logger LOG = LoggerFactory.getLogger(SessionCaller.class);

  private final SessionStream stream;
  private final Session session;
  private final Optional<RawJson> progressToken;
  private final Supplier<Optional<String>> label;
  private final ClientQuestions.Patience patience;
  private final Pace progress;
  private final Pace logs;
  private @Nullable ClientQuestions questions;
  private double reached = Double.NEGATIVE_INFINITY;

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
    this.progressToken = progressToken;
    this.label = label;
    this.patience = patience;
    this.progress = new Pace(stream::send);
    this.logs = new Pace(stream::send);
  }

  @Override
  public void progress(RawJson params) {
    if (progressToken.isEmpty() || !stream.accepted()) {
      return;
    }
    try {
      JsonObject said = MessageReader.readObject(params);
      if (further(said)) {
        progress.offer(
            message(
                "notifications/progress",
                new JsonObjectEdit(said).set("progressToken", progressToken.get()).apply()));
      }
    } catch (MalformedMessage e) {
      LOG.atDebug().addKeyValue("reason", e.why()).log("A progress message was left out");
    }
  }

  /// Progress only ever grows, whatever a target or its several rounds say.
  private synchronized boolean further(JsonObject said) {
    double now;
    try {
      now = Double.parseDouble(said.value("progress").map(RawJson::toString).orElse("NaN"));
    } catch (NumberFormatException _) {
      return false;
    }
    boolean further = now > reached;
    reached = further ? now : reached;
    return further;
  }

  @Override
  public void log(RawJson params) {
    Optional<LogLevel> least = logLevel();
    if (least.isEmpty() || !stream.accepted()) {
      return;
    }
    try {
      boolean wanted =
          MessageReader.readObject(params)
              .text("level")
              .flatMap(LogLevel::find)
              .map(level -> level.compareTo(least.get()) >= 0)
              .orElse(false);
      if (wanted) {
        logs.offer(message("notifications/message", params));
      }
    } catch (MalformedMessage e) {
      LOG.atDebug().addKeyValue("reason", e.why()).log("A log message was left out");
    }
  }

  private static RawJson message(String method, RawJson params) {
    return RawJson.of(
        "{\"jsonrpc\":\"2.0\",\"method\":\"" + method + "\",\"params\":" + params + "}");
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
    progress.flush();
    logs.flush();
  }
}
