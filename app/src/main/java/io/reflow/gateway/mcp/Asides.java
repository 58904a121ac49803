package io.reflow.gateway.mcp;

import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.LogLevel;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What a target says beside the answer to one request, as far as the request's client wants to
/// hear it: progress under the client's own token, which only ever grows, and log messages that are
/// grave enough, neither of them too fast.
final class Asides {

  private static final Logger LOG = LoggerFactory.getLogger(Asides.class);

  private final Optional<RawJson> progressToken;
  private final Consumer<RawJson> sink;
  private @Nullable Pace progress;
  private @Nullable Pace logs;
  private double reached = Double.NEGATIVE_INFINITY;

  /// @param progressToken what the client calls the progress of its request, if it wants to hear
  /// @param sink takes whole messages; does not block
  Asides(Optional<RawJson> progressToken, Consumer<RawJson> sink) {
    this.progressToken = progressToken;
    this.sink = sink;
  }

  void progress(RawJson params) {
    if (progressToken.isEmpty()) {
      return;
    }
    try {
      JsonObject said = MessageReader.readObject(params);
      if (further(said)) {
        RawJson own = new JsonObjectEdit(said).set("progressToken", progressToken.get()).apply();
        progressPace().offer(message("notifications/progress", own));
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

  /// @param least what is less grave is left out; empty when nothing is wanted
  void log(RawJson params, Optional<LogLevel> least) {
    if (least.isEmpty()) {
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
        logPace().offer(message("notifications/message", params));
      }
    } catch (MalformedMessage e) {
      LOG.atDebug().addKeyValue("reason", e.why()).log("A log message was left out");
    }
  }

  private static RawJson message(String method, RawJson params) {
    return RawJson.of(
        "{\"jsonrpc\":\"2.0\",\"method\":\"" + method + "\",\"params\":" + params + "}");
  }

  private synchronized Pace progressPace() {
    Pace pace = progress == null ? new Pace(sink) : progress;
    progress = pace;
    return pace;
  }

  private synchronized Pace logPace() {
    Pace pace = logs == null ? new Pace(sink) : logs;
    logs = pace;
    return pace;
  }

  /// Sends what was held back, before the answer goes out.
  void flush() {
    Pace told;
    Pace logged;
    synchronized (this) {
      told = progress;
      logged = logs;
    }
    if (told != null) {
      told.flush();
    }
    if (logged != null) {
      logged.flush();
    }
  }
}
