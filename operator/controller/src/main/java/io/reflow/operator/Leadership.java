package io.reflow.operator;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfigBuilder;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElector;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaderElectionRecord;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaseLock;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.Lock;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs something on one replica at a time: the one that holds the Lease.
///
/// Two may believe for a moment that they hold it. What they do must bear that.
final class Leadership implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Leadership.class);

  /// How long a Lease holds unrenewed, how long its holder tries to renew it, and how often.
  record Terms(Duration lease, Duration renew, Duration retry) {

    static final Terms USUAL =
        new Terms(Duration.ofSeconds(15), Duration.ofSeconds(10), Duration.ofSeconds(2));
  }

  private static final String LEASE = "reflow-operator";

  private final KubernetesClient client;
  private final Terms terms;
  private final Watched lock;
  private final Supplier<AutoCloseable> work;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread thread;
  private volatile boolean leading;

  /// @param work starts it; closed when the Lease is lost or given back
  Leadership(
      KubernetesClient client,
      String namespace,
      String identity,
      Terms terms,
      Supplier<AutoCloseable> work) {
    this.client = client;
    this.terms = terms;
    this.work = work;
    lock = new Watched(namespace, identity);
    thread = Thread.ofVirtual().name("leadership").unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  boolean leading() {
    return leading;
  }

  /// Whether the Lease is still looked at: an elector that has died of something unforeseen would
  /// otherwise go unnoticed.
  boolean alive() {
    return lock.silence().compareTo(terms.lease().multipliedBy(8)) < 0;
  }

  /// Whether the API server lets the Lease be read.
  boolean connected() {
    return lock.connected();
  }

  /// Gives the Lease back when the work has ended, so that the other replica need not wait.
  @Override
  public void close() {
    closing.countDown();
    try {
      boolean _ = thread.join(terms.lease().plusSeconds(10));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    threads.shutdownNow();
  }

  private void run() {
    try {
      while (!closing.await(0, TimeUnit.MILLISECONDS)) {
        try {
          term();
        } catch (RuntimeException e) {
          LOG.atError().setCause(e).log("An election failed and is held again: {}", e.getMessage());
          boolean _ = closing.await(terms.retry().toMillis(), TimeUnit.MILLISECONDS);
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// One election and, if it is won, the time until the Lease is lost.
  private void term() throws InterruptedException {
    var won = new CountDownLatch(1);
    var over = new CountDownLatch(1);
    var elector = elector(won, over);
    CompletableFuture<?> election = elector.start();
    try {
      var _ = election.whenComplete((_, _) -> over.countDown());
      if (await(won, over)) {
        LOG.info("Leading");
        lead(over);
        LOG.info("Not leading any more");
      }
    } finally {
      boolean _ = election.cancel(true);
    }
    boolean _ = closing.await(terms.retry().toMillis() / 2, TimeUnit.MILLISECONDS);
  }

  private void lead(CountDownLatch over) throws InterruptedException {
    AutoCloseable running = work.get();
    leading = true;
    try {
      boolean _ = await(over, over);
    } finally {
      leading = false;
      close(running);
    }
  }

  /// Whether the first happened; false if the second did, or this is closed.
  private boolean await(CountDownLatch first, CountDownLatch second) throws InterruptedException {
    while (!closing.await(terms.retry().toMillis() / 20, TimeUnit.MILLISECONDS)) {
      if (first.getCount() == 0) {
        return true;
      }
      if (second.getCount() == 0) {
        return false;
      }
    }
    return false;
  }

  private static void close(AutoCloseable running) throws InterruptedException {
    try {
      running.close();
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      LOG.atError().setCause(e).log("The work could not be ended: {}", e.getMessage());
    }
  }

  private LeaderElector elector(CountDownLatch won, CountDownLatch over) {
    var config =
        new LeaderElectionConfigBuilder()
            .withName(LEASE)
            .withLock(lock)
            .withLeaseDuration(terms.lease())
            .withRenewDeadline(terms.renew())
            .withRetryPeriod(terms.retry())
            .withReleaseOnCancel(true)
            .withLeaderCallbacks(new LeaderCallbacks(won::countDown, over::countDown, _ -> {}))
            .build();
    return new LeaderElector(client, config, threads);
  }

  /// The Lease; notes when it was last looked at, and really gives it back.
  private static final class Watched implements Lock {

    private final String namespace;
    private final Lock lease;
    private final AtomicLong lookedAt = new AtomicLong(System.nanoTime());
    private final AtomicBoolean connected = new AtomicBoolean();
    private final AtomicBoolean told = new AtomicBoolean();

    Watched(String namespace, String identity) {
      this.namespace = namespace;
      lease = new LeaseLock(namespace, LEASE, identity);
    }

    Duration silence() {
      return Duration.ofNanos(System.nanoTime() - lookedAt.get());
    }

    boolean connected() {
      return connected.get();
    }

    @Override
    public @Nullable LeaderElectionRecord get(KubernetesClient client) {
      lookedAt.set(System.nanoTime());
      try {
        LeaderElectionRecord election = lease.get(client);
        if (!connected.getAndSet(true)) {
          LOG.info("The API server answers");
        }
        return election;
      } catch (KubernetesClientException e) {
        if (connected.getAndSet(false) || !told.getAndSet(true)) {
          LOG.warn("The Lease can't be read, which is tried again: {}", e.getMessage());
        }
        throw e;
      }
    }

    @Override
    public void create(KubernetesClient client, LeaderElectionRecord election) {
      lease.create(client, election);
    }

    @Override
    public void update(KubernetesClient client, LeaderElectionRecord election) {
      if (election.getHolderIdentity() == null) {
        giveBack(client);
      } else {
        lease.update(client, election);
      }
    }

    /// The library merges a record without a holder into the Lease, which leaves the holder there:
    /// the other replica would wait until the Lease has run out.
    private void giveBack(KubernetesClient client) {
      var leases = client.leases().inNamespace(namespace);
      Lease held = leases.withName(LEASE).get();
      if (held != null && identity().equals(held.getSpec().getHolderIdentity())) {
        held.getSpec().setHolderIdentity(null);
        Lease _ = leases.resource(held).update();
      }
    }

    @Override
    public String identity() {
      return lease.identity();
    }

    @Override
    public String describe() {
      return lease.describe();
    }
  }
}
