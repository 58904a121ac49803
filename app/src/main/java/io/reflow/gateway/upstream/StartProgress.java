package io.reflow.gateway.upstream;

import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.LogLevel;
import io.reflow.gateway.protocol.RawJson;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Tells a client every few seconds that its call waits for a start, if it wants to hear of
/// progress. What the target tells later goes on from there, so that progress never goes back.
public final class StartProgress {

  private static final Duration PERIOD = Duration.ofSeconds(2);

  private final Caller caller;
  private final RisingProgress rising;
  private final String beginning;
  private final @Nullable Thread thread;
  private final CountDownLatch over = new CountDownLatch(1);
  private volatile boolean told;

  private StartProgress(Caller caller, UpstreamCall call, String target) {
    this.caller = caller;
    this.rising = new RisingProgress(caller);
    this.beginning =
        "{\"progressToken\":%s,\"message\":%s,\"progress\":"
            .formatted(
                call.progressToken().isPresent() ? call.progressToken().getAsLong() : "0",
                JsonText.quote("target '%s' is starting".formatted(target)));
    this.thread =
        call.progressToken().isEmpty()
            ? null
            : Thread.ofVirtual().name("starting-" + target).start(this::tell);
  }

  /// Begins to tell; [#end] must follow.
  public static StartProgress begin(Caller caller, UpstreamCall call, String target) {
    return new StartProgress(caller, call, target);
  }

  private void tell() {
    try {
      for (long seconds = PERIOD.toSeconds();
          !over.await(PERIOD.toSeconds(), TimeUnit.SECONDS);
          seconds += PERIOD.toSeconds()) {
        told = true;
        rising.progress(RawJson.of(beginning + seconds + "}"));
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// Nothing more is told of the start.
  ///
  /// @return who is to hear what comes of the call
  public Caller end() {
    Thread telling = thread;
    if (telling == null) {
      return caller;
    }
    over.countDown();
    join(telling);
    if (!told) {
      return caller;
    }
    rising.nextRound();
    return new Later();
  }

  /// It is writing to the client at most: an interrupt would break that off.
  private static void join(Thread telling) {
    boolean interrupted = false;
    while (telling.isAlive()) {
      try {
        telling.join();
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /// The caller, who has heard of progress before.
  private final class Later implements Caller {

    @Override
    public void progress(RawJson params) {
      rising.progress(params);
    }

    @Override
    public void log(RawJson params) {
      caller.log(params);
    }

    @Override
    public Map<String, InputRequest.Answer> ask(List<InputRequest> questions)
        throws InterruptedException {
      return caller.ask(questions);
    }

    @Override
    public Asked ask(List<InputRequest> questions, Consumer<Map<String, InputRequest.Answer>> then)
        throws InterruptedException {
      return caller.ask(questions, then);
    }

    @Override
    public boolean maySuspend() {
      return caller.maySuspend();
    }

    @Override
    public ClientCapabilities capabilities() {
      return caller.capabilities();
    }

    @Override
    public void lacks(ClientCapabilities needed) {
      caller.lacks(needed);
    }

    @Override
    public Optional<LogLevel> logLevel() {
      return caller.logLevel();
    }

    @Override
    public boolean takesInputRequired() {
      return caller.takesInputRequired();
    }
  }
}
