package io.reflow.gateway.catalog;

import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.instance.InstanceKey.Sharing;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.upstream.ServerFacts;
import io.reflow.gateway.upstream.ServerFacts.Capability;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What targets said of themselves when they were last connected. Clients are told of it without
/// waiting for anybody; a target that was never connected is simply not known yet. What was learned
/// is kept for the next start and for other replicas.
///
/// What a target offers is known of it as a whole. Its instructions are told only to those who
/// share the instance that gave them: an instance of one user may speak of that user.
public final class KnownServers {

  /// All that a client is told of one target.
  static final int MAX_INSTRUCTIONS = 32 * 1024;

  private static final int MAX_INSTANCES = 10_000;

  private static final int LONGEST_FACT = 64 * 1024;

  /// How long it takes until what others may have learned is looked for again.
  private static final Duration AGAIN = Duration.ofMinutes(1);

  private static final Logger LOG = LoggerFactory.getLogger(KnownServers.class);

  private final Map<TargetId, ServerFacts> known = new ConcurrentHashMap<>();
  private final Map<Place, String> instructions = new ConcurrentHashMap<>();
  private final Map<TargetId, Long> lookedFor = new ConcurrentHashMap<>();
  private final Shelf shelf;

  /// @param shelf keeps what is learned beyond the end of this process
  public KnownServers(Shelf shelf) {
    this.shelf = shelf;
  }

  /// Where what was learned outlives a process, and other replicas find it. Used by threads that
  /// nobody waits for; may fail.
  public interface Shelf {

    /// In place of what those who share the instance were told before.
    void keep(Advert advert);

    /// What there is of one target, the newest first.
    List<Advert> of(TargetId target);
  }

  /// Those who are told the same instructions.
  private record Place(TargetId target, String scope) {}

  private static Place place(InstanceKey key) {
    return new Place(key.target(), Advert.scope(key.sharing()));
  }

  void learned(InstanceKey key, ServerFacts said) {
    ServerFacts facts = bounded(said);
    Place place = place(key);
    Optional<String> words = facts.instructions();
    Optional<String> before = Optional.ofNullable(instructions.get(place));
    // First, so that whoever finds the target known finds what it has to say, too.
    words.ifPresentOrElse(text -> remember(place, text), () -> instructions.remove(place));
    boolean news =
        !facts.withoutInstructions().equals(known.put(key.target(), facts.withoutInstructions()));
    if (news || (!words.equals(before) && !(key.sharing() instanceof Sharing.User))) {
      Advert advert = Advert.of(key.target(), key.sharing(), facts);
      later(() -> shelf.keep(advert));
    }
  }

  private void remember(Place place, String words) {
    if (instructions.size() >= MAX_INSTANCES) {
      instructions.clear();
    }
    instructions.put(place, words);
  }

  /// Takes over what was kept; what was learned meanwhile is newer.
  ///
  /// @param kept the newest first
  public void load(List<Advert> kept) {
    for (Advert advert : kept) {
      advert
          .said()
          .instructions()
          .ifPresent(
              words -> instructions.putIfAbsent(new Place(advert.target(), advert.scope()), words));
    }
    for (Advert advert : kept) {
      known.putIfAbsent(advert.target(), advert.said().withoutInstructions());
    }
  }

  private static void later(Runnable work) {
    Thread.ofVirtual()
        .name("known-servers")
        .start(() -> {
          try {
            work.run();
          } catch (RuntimeException e) {
            LOG.atWarn().setCause(e).log("What is known of targets could not be kept or looked up");
          }
        });
  }

  /// A copy that does not hold on to the whole message, nor to more than anybody needs.
  private static ServerFacts bounded(ServerFacts said) {
    return new ServerFacts(
        said.version(),
        bounded(said.capabilities()),
        bounded(said.serverInfo()),
        said.instructions()
            .filter(words -> !words.isBlank())
            .map(words -> words.substring(0, Math.min(words.length(), MAX_INSTRUCTIONS))),
        said.offers());
  }

  private static RawJson bounded(RawJson fact) {
    return fact.length() > LONGEST_FACT
        ? RawJson.EMPTY_OBJECT
        : new RawJson(fact.toBytes(), 0, fact.length());
  }

  public Optional<Set<Capability>> offers(TargetId target) {
    return facts(target).map(ServerFacts::offers);
  }

  /// What was last learned of a target, but for its instructions.
  public Optional<ServerFacts> facts(TargetId target) {
    ServerFacts facts = known.get(target);
    if (facts == null) {
      lookFor(target);
    }
    return Optional.ofNullable(facts);
  }

  /// Another replica may know it: whoever asks next is told.
  private void lookFor(TargetId target) {
    long now = System.nanoTime();
    Long before = lookedFor.get(target);
    if (before == null || now - before >= AGAIN.toNanos()) {
      lookedFor.put(target, now);
      later(() -> load(shelf.of(target)));
    }
  }

  /// What that instance wants clients to know, where it said anything.
  public Optional<String> instructions(InstanceKey key) {
    return Optional.ofNullable(instructions.get(place(key)));
  }

  /// Forgets a target that is gone or has changed.
  public void forget(TargetId target) {
    known.remove(target);
    lookedFor.remove(target);
    instructions.keySet().removeIf(place -> place.target().equals(target));
  }
}
