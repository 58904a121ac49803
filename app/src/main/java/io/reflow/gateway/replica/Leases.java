package io.reflow.gateway.replica;

import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.target.TargetId;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Which replica runs what may run at one only: the child process of a stateful target that serves
/// a user outside of sessions. Whoever is asked first has the lease as long as it lives; the
/// database is asked once, and again when it has turned out to be wrong.
public final class Leases {

  private static final Logger LOG = LoggerFactory.getLogger(Leases.class);
  private static final Duration TRY_AGAIN = Duration.ofSeconds(1);
  private static final int MOST_KNOWN = 50_000;

  private final LeaseStore store;
  private final Replicas replicas;

  /// The epochs of holders.
  private final Map<Lease, Long> known = new ConcurrentHashMap<>();

  /// @param replicas tells when others may have taken over what this one had
  public Leases(LeaseStore store, Replicas replicas) {
    this.store = store;
    this.replicas = replicas;
    replicas.onLapse(known::clear);
  }

  /// What is leased.
  public record Lease(TargetId target, UserId user) {}

  /// Who has a lease.
  public sealed interface Holder {

    record Here() implements Holder {}

    /// Another replica, which takes what is passed on.
    record At(Replica replica) implements Holder {}

    /// Another replica, which takes nothing from others.
    record OutOfReach() implements Holder {}
  }

  /// Who has the lease; this replica takes it where nobody has.
  ///
  /// @throws GatewayException.Unavailable when the database has to be asked and is away
  public Holder holder(Lease lease) {
    Long epoch = known.get(lease);
    if (epoch != null && epoch == replicas.epoch()) {
      return new Holder.Here();
    }
    Optional<Replica> other = Optional.ofNullable(epoch).flatMap(replicas::find);
    return other.isPresent() ? new Holder.At(other.get()) : ask(lease);
  }

  private Holder ask(Lease lease) {
    long own = replicas.epoch();
    if (store.take(lease.target(), lease.user(), own, replicas.mayJudge(), replicas.deadAfter())) {
      remember(lease, own);
      return new Holder.Here();
    }
    Replica holder =
        store
            .holder(lease.target(), lease.user())
            .orElseThrow(() ->
                new GatewayException.Unavailable("the target is just changing places", TRY_AGAIN));
    if (holder.epoch() != own && holder.address().isEmpty()) {
      return new Holder.OutOfReach();
    }
    remember(lease, holder.epoch());
    return holder.epoch() == own ? new Holder.Here() : new Holder.At(holder);
  }

  private void remember(Lease lease, long epoch) {
    if (known.size() >= MOST_KNOWN) {
      known.clear();
    }
    known.put(lease, epoch);
  }

  /// How many leases this replica knows of, by whether they are its own.
  public Map<String, Integer> counts() {
    long own = replicas.epoch();
    int here = 0;
    int elsewhere = 0;
    for (long epoch : known.values()) {
      here += epoch == own ? 1 : 0;
      elsewhere += epoch == own ? 0 : 1;
    }
    return Map.of("here", here, "elsewhere", elsewhere);
  }

  /// Who was taken for the holder is not, or can't be reached.
  public void forget(Lease lease) {
    known.remove(lease);
  }

  /// Gives up all: the other replicas go on at once.
  public void release() {
    known.clear();
    try {
      store.release(replicas.epoch());
    } catch (GatewayException e) {
      LOG.atDebug().setCause(e).log("The others will find out that this replica has stopped");
    }
  }
}
