package io.reflow.gateway.upstream.era;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.target.Transport;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Knows which era each target speaks. That belongs to the server, not to a caller or a call: it is
/// found out once, and again when there is evidence against it. That a server is of the older era
/// is believed for a day, since it may be upgraded at any time.
public final class Eras {

  private static final Logger LOG = LoggerFactory.getLogger(Eras.class);
  private static final Duration BELIEF = Duration.ofHours(24);

  private final Consumer<Remembered> keeper;
  private final InstantSource clock;
  private final Map<TargetId, Known> known = new ConcurrentHashMap<>();
  private final Map<TargetId, CompletableFuture<Verdict>> probes = new ConcurrentHashMap<>();

  /// @param keeper keeps what was found out beyond the end of this process; called by a thread of
  ///   its own, may fail
  public Eras(Consumer<Remembered> keeper, InstantSource clock) {
    this.keeper = keeper;
    this.clock = clock;
  }

  private record Known(Transport transport, Era era, Instant probedAt) {}

  /// Asks a target what it speaks.
  @FunctionalInterface
  public interface Probe {
    Verdict run() throws InterruptedException;
  }

  /// Takes over what was kept of these targets, unless their settings have changed since.
  public void load(Collection<Target> targets, List<Remembered> kept) {
    for (Remembered one : kept) {
      targets.stream()
          .filter(target -> target.id().equals(one.target()))
          .filter(target -> hash(target.transport()).equals(one.configHash()))
          .forEach(target ->
              known.put(target.id(), new Known(target.transport(), one.era(), one.probedAt())));
    }
  }

  /// What the target speaks, where that is settled.
  public Optional<Era> find(Target target) {
    return switch (target.settings().protocol()) {
      case LEGACY -> Optional.of(Era.INITIALIZE);
      case MODERN -> Optional.of(Era.STATELESS);
      case AUTO, MATCH -> remembered(target);
    };
  }

  private Optional<Era> remembered(Target target) {
    Known at = known.get(target.id());
    if (at == null || !at.transport().equals(target.transport())) {
      return Optional.empty();
    }
    boolean counts =
        switch (at.era()) {
          case STATELESS -> true;
          case INITIALIZE -> at.probedAt().plus(BELIEF).isAfter(clock.instant());
        };
    return counts ? Optional.of(at.era()) : Optional.empty();
  }

  /// Whether each call tells the target by itself what the client can do, so that callers whose
  /// clients differ may share an instance. Where it is not known yet, they may not.
  public boolean stateless(Target target) {
    return switch (target.settings().protocol()) {
      case LEGACY, MATCH -> false;
      case MODERN -> true;
      case AUTO -> remembered(target).filter(Era.STATELESS::equals).isPresent();
    };
  }

  /// Asks the target unless somebody else does so now; then their verdict counts if it says that
  /// `initialize` is to be tried, and otherwise what the target says of itself to this caller.
  public Verdict judge(Target target, Probe probe, Duration patience) throws InterruptedException {
    var mine = new CompletableFuture<Verdict>();
    CompletableFuture<Verdict> other = probes.putIfAbsent(target.id(), mine);
    if (other != null) {
      return await(other, patience).filter(Verdict.Initialize.class::isInstance).isPresent()
          ? new Verdict.Initialize()
          : learned(target, probe.run());
    }
    try {
      Verdict verdict = learned(target, probe.run());
      mine.complete(verdict);
      return verdict;
    } finally {
      probes.remove(target.id());
      boolean _ = mine.cancel(false);
    }
  }

  private static Optional<Verdict> await(CompletableFuture<Verdict> other, Duration patience)
      throws InterruptedException {
    try {
      return Optional.of(other.get(patience.toNanos(), TimeUnit.NANOSECONDS));
    } catch (ExecutionException | CancellationException | TimeoutException _) {
      return Optional.empty();
    }
  }

  private Verdict learned(Target target, Verdict verdict) {
    learn(target, verdict.era());
    return verdict;
  }

  /// Remembers what a target turned out to speak.
  public void learn(Target target, Era era) {
    Instant now = clock.instant();
    Optional<Era> before = remembered(target);
    known.put(target.id(), new Known(target.transport(), era, now));
    if (before.equals(Optional.of(era))) {
      return;
    }
    LOG.atInfo()
        .setMessage("A target speaks the {} era")
        .addArgument(era.wireName())
        .addKeyValue("target", target.name())
        .log();
    var kept =
        new Remembered(
            target.id(), hash(target.transport()), era, target.transport().wireName(), now);
    Thread.ofVirtual().name("remember-era-" + target.name()).start(() -> keep(target, kept));
  }

  private void keep(Target target, Remembered kept) {
    try {
      keeper.accept(kept);
    } catch (RuntimeException e) {
      LOG.atWarn()
          .setMessage("What a target speaks could not be kept; it will be asked again")
          .addKeyValue("target", target.name())
          .setCause(e)
          .log();
    }
  }

  /// There is evidence against what was remembered: the next one asks anew.
  public void doubt(Target target) {
    known.remove(target.id());
  }

  /// The target is gone.
  public void forget(TargetId target) {
    known.remove(target);
  }

  private static String hash(Transport transport) {
    return digest(
        switch (transport) {
          case Transport.StreamableHttp(var url) -> List.of("http", url.toString());
          case Transport.Sse(var url) -> List.of("sse", url.toString());
          case Transport.Stdio(var command, var arguments, _) -> {
            List<String> parts = new ArrayList<>(List.of("stdio", command));
            parts.addAll(arguments);
            yield parts;
          }
          case Transport.Kubernetes(var pod) -> {
            List<String> parts = new ArrayList<>(List.of("kubernetes", pod.image(), pod.path()));
            parts.addAll(pod.command());
            parts.addAll(pod.arguments());
            yield parts;
          }
        });
  }

  /// The length of each part belongs to it, so that no two lists run together to the same bytes.
  private static String digest(List<String> parts) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (String part : parts) {
        byte[] bytes = part.getBytes(UTF_8);
        digest.update((bytes.length + ":").getBytes(UTF_8));
        digest.update(bytes);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
