package io.reflow.gateway.upstream.stateless;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.upstream.era.Verdict;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/// Asks a target anew what it is when it answers as if it were something else: one failed call
/// proves nothing, and the calls that go well must not suffer from it.
final class Doubt {

  private static final long PAUSE = Duration.ofSeconds(30).toNanos();

  private final StatelessUpstream.Settings settings;
  private final Channel channel;
  private final Runnable demotion;
  private final AtomicLong raisedAt = new AtomicLong(System.nanoTime() - PAUSE);

  Doubt(StatelessUpstream.Settings settings, Channel channel, Runnable demotion) {
    this.settings = settings;
    this.channel = channel;
    this.demotion = demotion;
  }

  void raise() {
    long last = raisedAt.get();
    long now = System.nanoTime();
    if (now - last >= PAUSE && raisedAt.compareAndSet(last, now)) {
      Thread.ofVirtual().name("reprobe-" + settings.target()).start(this::probe);
    }
  }

  private void probe() {
    try {
      if (channel.discover(settings.discover()) instanceof Verdict.Initialize) {
        demotion.run();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (UpstreamFailed _) {
      // A target that can't be asked is no evidence of anything.
    }
  }
}
