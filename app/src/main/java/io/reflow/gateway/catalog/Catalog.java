package io.reflow.gateway.catalog;

import io.reflow.gateway.config.McpConfig;
import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.upstream.Listener;
import io.reflow.gateway.upstream.Reach;
import io.reflow.gateway.upstream.ServerFacts;
import io.reflow.gateway.upstream.Upstreams;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The lists of all instances, kept so that a call finds its tool without asking the target.
///
/// A list belongs to one instance with one set of credentials: callers of another instance never
/// see it. What a policy hides is taken out later, for each caller.
public final class Catalog {

  private static final Logger LOG = LoggerFactory.getLogger(Catalog.class);
  private static final int MAX_LISTS = 20_000;

  /// A miss asks the target again at most this often, so that nobody can make the gateway hammer
  /// it.
  private static final Duration MISS_INTERVAL = Duration.ofSeconds(1);

  /// For so long nobody waits again for a target that could not be listed, unless it is heard of.
  private static final Duration FAILURE_MEMORY = Duration.ofSeconds(5);

  private final Map<Key, Slot> slots = new ConcurrentHashMap<>();
  private final Upstreams upstreams;
  private final ListLoader loader;
  private final McpConfig config;
  private final InstantSource clock;
  private final List<BiConsumer<InstanceKey, Listener.ListKind>> back =
      new CopyOnWriteArrayList<>();

  public Catalog(Upstreams upstreams, McpConfig config, InstantSource clock) {
    this.upstreams = upstreams;
    this.loader = new ListLoader(upstreams, config);
    this.config = config;
    this.clock = clock;
  }

  private record Key(InstanceKey instance, String fingerprint, ListKind kind) {}

  /// The list as it is now; asks the target when the copy is not fresh. While the target is away,
  /// its last good copy serves for some minutes.
  ///
  /// @throws GatewayException when there is no list to be had
  TargetList list(Reach reach, ListKind kind) throws InterruptedException {
    return slot(reach, kind).current(reach);
  }

  /// Loads the list, so that it is there when somebody wants it.
  public void preload(Reach reach, ListKind kind) throws InterruptedException {
    slot(reach, kind).current(reach);
  }

  /// How many entries the list has.
  public int count(Reach reach, ListKind kind) throws InterruptedException {
    return slot(reach, kind).current(reach).items().size();
  }

  /// The copy at hand, if nobody needs to ask for another.
  Optional<TargetList> fresh(Reach reach, ListKind kind) {
    return slot(reach, kind).fresh(clock.instant());
  }

  /// The last good copy, fresh or not, without asking for another.
  Optional<TargetList> lastGood(Reach reach, ListKind kind) {
    return slot(reach, kind).usable(clock.instant());
  }

  /// Remembers that the target was too slow with a list, so that the next caller does not wait too.
  void tooSlow(Reach reach, ListKind kind, UpstreamFailed failure) {
    slot(reach, kind).failed(failure);
  }

  /// The entry of that name. An old copy is good enough where it has the name; where it has not,
  /// the target is asked again before the answer is no.
  Optional<Item> find(Reach reach, ListKind kind, String name) throws InterruptedException {
    return slot(reach, kind).find(reach, name);
  }

  /// The target has said that a list has changed: whoever wants it next asks anew.
  public void changed(InstanceKey instance, Listener.ListKind changed) {
    slots.forEach((key, slot) -> {
      if (key.instance().equals(instance) && key.kind().changesWith(changed)) {
        boolean wasMissing = slot.failure != null;
        slot.expire();
        if (wasMissing) {
          tellBack(key.instance(), key.kind());
        }
      }
    });
  }

  /// `listener` hears of lists that could not be had for a while and now can. It must not block.
  public void onBack(BiConsumer<InstanceKey, Listener.ListKind> listener) {
    back.add(listener);
  }

  private void tellBack(InstanceKey instance, ListKind kind) {
    for (Listener.ListKind announced : Listener.ListKind.values()) {
      if (kind.changesWith(announced)) {
        back.forEach(listener -> listener.accept(instance, announced));
      }
    }
  }

  /// Forgets lists that have served nobody for long.
  public void expire() {
    Instant limit = clock.instant().minus(config.list().maxStale());
    slots.values().removeIf(slot -> slot.unusedSince(limit));
  }

  /// How old the oldest list in use of each target is.
  public Map<TargetId, Duration> ages() {
    Instant now = clock.instant();
    Map<TargetId, Duration> ages = new HashMap<>();
    slots.forEach((key, slot) -> {
      TargetList list = slot.list;
      if (list != null) {
        Duration age = Duration.between(list.loadedAt(), now);
        ages.merge(
            key.instance().target(),
            age.isNegative() ? Duration.ZERO : age,
            (one, other) -> one.compareTo(other) > 0 ? one : other);
      }
    });
    return ages;
  }

  /// How many lists are kept.
  public int size() {
    return slots.size();
  }

  private Slot slot(Reach reach, ListKind kind) {
    var key = new Key(reach.key(), reach.injection().fingerprint(), kind);
    Slot slot = slots.get(key);
    if (slot != null) {
      return slot;
    }
    if (slots.size() >= MAX_LISTS) {
      expire();
    }
    return slots.computeIfAbsent(key, _ -> new Slot(kind));
  }

  /// One list and the one thread at a time that loads it. Readers of a list at hand never wait.
  private final class Slot {
    private final ListKind kind;
    private final ReentrantLock loading = new ReentrantLock();
    private volatile @Nullable TargetList list;
    private volatile boolean expired;
    private volatile Instant lastUsed = clock.instant();
    private volatile @Nullable Failure failure;

    private record Failure(GatewayException reason, Instant until) {}

    Slot(ListKind kind) {
      this.kind = kind;
    }

    /// Whatever was known is to be asked anew, a failure too.
    void expire() {
      failure = null;
      expired = true;
    }

    void failed(GatewayException reason) {
      failure = new Failure(reason, clock.instant().plus(FAILURE_MEMORY));
    }

    private void refuseIfJustFailed(Instant now) {
      Failure last = failure;
      if (last != null && now.isBefore(last.until())) {
        throw last.reason();
      }
    }

    boolean unusedSince(Instant limit) {
      return lastUsed.isBefore(limit);
    }

    Optional<TargetList> usable(Instant now) {
      lastUsed = now;
      TargetList at = list;
      boolean usable = at != null && at.loadedAt().plus(config.list().maxStale()).isAfter(now);
      return usable ? Optional.ofNullable(at) : Optional.empty();
    }

    Optional<Item> find(Reach reach, String name) throws InterruptedException {
      Instant now = clock.instant();
      Optional<TargetList> at = usable(now);
      if (at.isPresent()) {
        Optional<Item> item = at.get().find(name);
        boolean askedJustNow = at.get().loadedAt().plus(MISS_INTERVAL).isAfter(now);
        if (item.isPresent() ? !expired : askedJustNow) {
          return item;
        }
      }
      return reload(reach, now).find(name);
    }

    TargetList current(Reach reach) throws InterruptedException {
      Instant now = clock.instant();
      Optional<TargetList> at = fresh(now);
      return at.isPresent() ? at.get() : reload(reach, now);
    }

    Optional<TargetList> fresh(Instant now) {
      return usable(now).filter(at -> !expired && at.fresh(now));
    }

    /// Loads the list, unless another thread has done so since `asked`.
    private TargetList reload(Reach reach, Instant asked) throws InterruptedException {
      refuseIfJustFailed(asked);
      if (!loading.tryLock(config.timeout().list().toMillis(), TimeUnit.MILLISECONDS)) {
        throw new UpstreamFailed(reach.target().name(), ListLoader.TOO_SLOW);
      }
      try {
        TargetList at = list;
        if (at != null && !expired && !at.loadedAt().isBefore(asked)) {
          return at;
        }
        refuseIfJustFailed(asked);
        return load(reach);
      } finally {
        loading.unlock();
      }
    }

    private TargetList load(Reach reach) throws InterruptedException {
      boolean wasExpired = expired;
      try {
        // Opening an instance expires its lists, so that comes first.
        ServerFacts facts = upstreams.facts(reach);
        expired = false;
        TargetList loaded = loader.load(reach, kind, facts, clock.instant());
        list = loaded;
        boolean wasMissing = failure != null;
        failure = null;
        if (wasMissing) {
          tellBack(reach.key(), kind);
        }
        return loaded;
      } catch (InterruptedException e) {
        expired |= wasExpired;
        throw e;
      } catch (GatewayException e) {
        expired = false;
        Optional<TargetList> last = usable(clock.instant());
        if (last.isEmpty()) {
          failed(e);
          throw e;
        }
        LOG.atWarn()
            .addKeyValue("target", reach.target().name())
            .addKeyValue("method", kind.method())
            .addKeyValue("reason", e.reason())
            .log("The last good list serves while the target is away");
        return last.get();
      }
    }
  }
}
