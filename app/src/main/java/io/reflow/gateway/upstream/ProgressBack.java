package io.reflow.gateway.upstream;

import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.SideMessages.Replies;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells a target how far the client is with a question of the target's, under the token that the
/// target gave with it; says nothing where there is none. Of what comes faster than the target
/// takes it only the newest is told.
final class ProgressBack implements Consumer<RawJson>, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(ProgressBack.class);
  private static final int LONGEST_TOKEN = 256;

  /// For a question whose target gave no token: nothing ever changes in it.
  private static final ProgressBack UNWANTED = new ProgressBack(Optional.empty(), "", _ -> {});

  private final Optional<RawJson> token;
  private final String target;
  private final Replies replies;
  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable RawJson next;
  private boolean sending;
  private boolean over;

  private ProgressBack(Optional<RawJson> token, String target, Replies replies) {
    this.token = token;
    this.target = target;
    this.replies = replies;
  }

  /// @param question of the target's
  static ProgressBack of(Message.Request question, String target, Replies replies) {
    Optional<RawJson> token = token(question.params());
    return token.isEmpty() ? UNWANTED : new ProgressBack(token, target, replies);
  }

  private static Optional<RawJson> token(JsonObject params) {
    Optional<RawJson> meta = params.value("_meta");
    try {
      return meta.isEmpty()
          ? Optional.empty()
          : MessageReader.readObject(meta.get())
              .value("progressToken")
              .filter(token -> token.length() <= LONGEST_TOKEN);
    } catch (MalformedMessage _) {
      // What is no object names no token.
      return Optional.empty();
    }
  }

  /// @param params of the client's `notifications/progress`
  @Override
  public void accept(RawJson params) {
    if (token.isEmpty()) {
      return;
    }
    lock.lock();
    try {
      if (over) {
        return;
      }
      next = params;
      if (!sending) {
        sending = true;
        Thread.ofVirtual().name("progress-back-" + target).start(this::send);
      }
    } finally {
      lock.unlock();
    }
  }

  private void send() {
    try {
      for (Optional<RawJson> params = take(); params.isPresent(); params = take()) {
        RawJson own =
            new JsonObjectEdit(MessageReader.readObject(params.get()))
                .set("progressToken", token.orElseThrow())
                .apply();
        replies.send(Envelope.notification("notifications/progress", own));
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (MalformedMessage e) {
      LOG.atDebug().addKeyValue("reason", e.why()).log("A client's progress was left out");
      close();
    }
  }

  private Optional<RawJson> take() {
    lock.lock();
    try {
      Optional<RawJson> taken = over ? Optional.empty() : Optional.ofNullable(next);
      next = null;
      sending = taken.isPresent();
      return taken;
    } finally {
      lock.unlock();
    }
  }

  /// The question is answered: what comes now comes too late.
  @Override
  public void close() {
    if (token.isEmpty()) {
      return;
    }
    lock.lock();
    try {
      over = true;
    } finally {
      lock.unlock();
    }
  }
}
