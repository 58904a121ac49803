package io.reflow.gateway.mcp;

import io.reflow.gateway.catalog.KnownServers;
import io.reflow.gateway.catalog.Locator;
import io.reflow.gateway.catalog.Locator.Sought;
import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.mcp.Call.Candidate;
import io.reflow.gateway.mcp.Call.Ready;
import io.reflow.gateway.policy.Decision.Allowed;
import io.reflow.gateway.policy.Feature;
import io.reflow.gateway.policy.PolicyEngine;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.translation.ResourceUris;
import io.reflow.gateway.upstream.Feed;
import io.reflow.gateway.upstream.Interest;
import io.reflow.gateway.upstream.Listener;
import io.reflow.gateway.upstream.Reach;
import io.reflow.gateway.upstream.ServerFacts.Capability;
import io.reflow.gateway.upstream.Upstreams;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes targets tell a subscription of changes. Each is followed by a thread of its own: one that
/// is slow or away holds up nobody.
final class SubscriptionFeeds {

  private static final Logger LOG = LoggerFactory.getLogger(SubscriptionFeeds.class);

  /// How long a subscription waits for targets before it begins without them.
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  /// The resources that are looked after at the same time for one subscription.
  private static final int AT_ONCE = 16;

  private final Visibility visibility;
  private final PolicyEngine policies;
  private final Stage<Call.Routed, Call.Equipped> equip;
  private final KnownServers servers;
  private final Locator locator;
  private final Upstreams upstreams;

  /// @param equip finds the caller's way to each target
  SubscriptionFeeds(
      Visibility visibility,
      PolicyEngine policies,
      Stage<Call.Routed, Call.Equipped> equip,
      KnownServers servers,
      Locator locator,
      Upstreams upstreams) {
    this.visibility = visibility;
    this.policies = policies;
    this.equip = equip;
    this.servers = servers;
    this.locator = locator;
    this.upstreams = upstreams;
  }

  /// Follows what is wanted of the targets that the caller sees, as far as that is not done yet.
  ///
  /// @return the URIs that are followed by now
  Set<String> follow(Call.InSession call, Subscription subscription, Set<String> uris)
      throws InterruptedException {
    List<Reach> reaches = reaches(call);
    List<Reach> announcing =
        subscription.wanted().isEmpty()
            ? List.of()
            : reaches.stream().filter(this::announcesOnlyWhenFollowed).toList();
    Set<String> followed = ConcurrentHashMap.newKeySet();
    var live = new CountDownLatch(announcing.size() + uris.size());
    for (Reach reach : announcing) {
      start(reach.target().name(), live, () -> followLists(call, subscription, reach));
    }
    Queue<String> open = new ConcurrentLinkedQueue<>(uris);
    for (int i = 0; i < Math.min(AT_ONCE, uris.size()); i++) {
      Thread.ofVirtual()
          .name("listen-resources")
          .start(() -> {
            for (String uri = open.poll(); uri != null; uri = open.poll()) {
              String next = uri;
              follow(
                  live,
                  () -> {
                    if (!subscription.over() && followResource(call, subscription, reaches, next)) {
                      followed.add(next);
                    }
                  });
            }
          });
    }
    boolean _ = live.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    return Set.copyOf(followed);
  }

  private List<Reach> reaches(Call.InSession call) throws InterruptedException {
    List<Candidate> all =
        visibility.enabled(call.session().target()).stream()
            .map(target -> new Candidate(target, "", "", false))
            .toList();
    var way = new Way.Many<>(io.reflow.gateway.catalog.ListKind.TOOLS, Optional.empty(), all);
    return equip.apply(new Call.Routed(call, way)).way()
            instanceof Way.Many<Ready>(var _, var _, var ready)
        ? ready.stream().map(Ready::reach).toList()
        : List.of();
  }

  /// A process or pod of the `initialize` era says what it has to say while it runs, and is not
  /// kept running for that.
  private boolean announcesOnlyWhenFollowed(Reach reach) {
    return !reach.target().transport().onDemand()
        || servers
            .facts(reach.target().id())
            .filter(known -> known.version().stateless())
            .isPresent();
  }

  @FunctionalInterface
  private interface Following {
    void follow() throws InterruptedException;
  }

  private static void start(String what, CountDownLatch live, Following following) {
    Thread.ofVirtual().name("listen-" + what).start(() -> follow(live, following));
  }

  private static void follow(CountDownLatch live, Following following) {
    try {
      following.follow();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (GatewayException e) {
      LOG.atDebug().addKeyValue("reason", e.reason()).log("Changes of a target are not followed");
    } finally {
      live.countDown();
    }
  }

  private void followLists(Call.InSession call, Subscription subscription, Reach reach)
      throws InterruptedException {
    if (subscription.follows(reach.key())) {
      return;
    }
    Identity caller = call.caller();
    var listener =
        new Listener() {
          @Override
          public void listChanged(ListKind kind) {
            if (visibility.sees(caller, reach.target())) {
              subscription.listChanged(kind);
            }
          }

          @Override
          public void resourceUpdated(String uri, RawJson params) {}
        };
    var interest = new Interest(subscription.wanted(), Set.of());
    subscription.keep(call.session(), reach.key(), upstreams.listen(reach, interest, listener));
  }

  private boolean followResource(
      Call.InSession call, Subscription subscription, List<Reach> reaches, String uri)
      throws InterruptedException {
    Identity caller = call.caller();
    List<Sought> allowed =
        reaches.stream()
            .flatMap(reach ->
                ResourceUris.of(reach.target()).own(uri).stream()
                    .filter(own -> readable(caller, reach, own))
                    .map(own -> new Sought(reach, own)))
            .toList();
    Optional<Reach> found = locator.resource(allowed);
    if (found.isEmpty() || !upstreams.facts(found.get()).offers(Capability.RESOURCES_SUBSCRIBE)) {
      return false;
    }
    Reach reach = found.get();
    String own = ResourceUris.of(reach.target()).own(uri).orElseThrow();
    var interest = new Interest(Set.of(), Set.of(own));
    Feed feed = upstreams.listen(reach, interest, updates(caller, subscription, reach));
    subscription.keep(call.session(), uri, feed);
    return true;
  }

  private boolean readable(Identity caller, Reach reach, String uri) {
    var feature = new Feature(reach.target().id(), Feature.Kind.RESOURCE, uri);
    return policies.decide(caller, feature) instanceof Allowed;
  }

  /// Whether the caller may still read the resource is asked with each change of it.
  private Listener updates(Identity caller, Subscription subscription, Reach reach) {
    ResourceUris uris = ResourceUris.of(reach.target());
    return new Listener() {
      @Override
      public void listChanged(ListKind kind) {}

      @Override
      public void resourceUpdated(String changed, RawJson params) {
        if (readable(caller, reach, changed)) {
          String exposed = uris.exposed(changed);
          subscription.resourceUpdated(exposed, ResourceUpdate.exposed(params, exposed));
        }
      }
    };
  }
}
