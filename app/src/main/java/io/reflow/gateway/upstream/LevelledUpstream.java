package io.reflow.gateway.upstream;

import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.instance.PodState;
import io.reflow.gateway.protocol.LogLevel;
import io.reflow.gateway.protocol.RawJson;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A target that is told once how much it is to log: always as much as the most curious of its
/// callers wants to hear. Each caller leaves out what is too much for it.
final class LevelledUpstream implements Upstream {

  private static final Logger LOG = LoggerFactory.getLogger(LevelledUpstream.class);
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Upstream upstream;

  /// What is logged when nobody has said anything.
  private final AtomicReference<LogLevel> level = new AtomicReference<>(LogLevel.INFO);

  private LevelledUpstream(Upstream upstream) {
    this.upstream = upstream;
  }

  /// Looks after the level of a target that has one for all of its callers.
  static Upstream of(Upstream upstream) {
    ServerFacts facts = upstream.facts();
    boolean oneForAll =
        !facts.version().stateless() && facts.offers(ServerFacts.Capability.LOGGING);
    return oneForAll ? new LevelledUpstream(upstream) : upstream;
  }

  @Override
  public Answer call(UpstreamCall call, Caller caller) throws InterruptedException {
    Optional<LogLevel> wanted = caller.logLevel();
    LogLevel now = level.get();
    if (wanted.isPresent()
        && wanted.get().compareTo(now) < 0
        && level.compareAndSet(now, wanted.get())) {
      tell(wanted.get());
    }
    return upstream.call(call, caller);
  }

  /// A target that does not listen logs what it likes.
  private void tell(LogLevel wanted) throws InterruptedException {
    RawJson params = RawJson.of("{\"level\":\"" + wanted.wireName() + "\"}");
    var call =
        new UpstreamCall("logging/setLevel", params, OptionalLong.empty(), PATIENCE, PATIENCE);
    try {
      Answer _ = upstream.call(call, Caller.SILENT);
    } catch (GatewayException e) {
      LOG.atDebug().addKeyValue("reason", e.reason()).log("A target was not told its log level");
    }
  }

  @Override
  public ServerFacts facts() {
    return upstream.facts();
  }

  @Override
  public void follow(Interest interest) throws InterruptedException {
    upstream.follow(interest);
  }

  @Override
  public void tell(byte[] notification) throws InterruptedException {
    upstream.tell(notification);
  }

  @Override
  public OptionalLong pid() {
    return upstream.pid();
  }

  @Override
  public Optional<PodState> pod() {
    return upstream.pod();
  }

  @Override
  public boolean hears() {
    return upstream.hears();
  }

  @Override
  public boolean alive() {
    return upstream.alive();
  }

  @Override
  public void close() {
    upstream.close();
  }
}
