package io.reflow.gateway.mcp;

import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.fault.GatewayException.MethodNotFound;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.mcp.Call.Candidate;
import io.reflow.gateway.mcp.Call.Ready;
import io.reflow.gateway.policy.Decision.Allowed;
import io.reflow.gateway.policy.Feature;
import io.reflow.gateway.policy.PolicyEngine;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.Feeds;
import io.reflow.gateway.session.News;
import io.reflow.gateway.session.Session;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.translation.ResourceUris;
import io.reflow.gateway.upstream.Interest;
import io.reflow.gateway.upstream.Listener;
import io.reflow.gateway.upstream.Reach;
import io.reflow.gateway.upstream.ServerFacts.Capability;
import io.reflow.gateway.upstream.Upstreams;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes targets tell sessions of changes: of the lists while a client has a stream open, and of
/// the resources that it has subscribed to.
final class SessionFeeds {

  private static final Logger LOG = LoggerFactory.getLogger(SessionFeeds.class);
  private static final Interest LISTS = new Interest(Set.of(Listener.ListKind.values()), Set.of());

  private final Visibility visibility;
  private final PolicyEngine policies;
  private final Stage<Call.Routed, Call.Equipped> equip;
  private final Upstreams upstreams;
  private final Predicate<Target> stateless;

  /// @param equip finds the caller's way to each target
  /// @param stateless of a target of the stateless era, as far as that is known
  SessionFeeds(
      Visibility visibility,
      PolicyEngine policies,
      Stage<Call.Routed, Call.Equipped> equip,
      Upstreams upstreams,
      Predicate<Target> stateless) {
    this.visibility = visibility;
    this.policies = policies;
    this.equip = equip;
    this.upstreams = upstreams;
    this.stateless = stateless;
  }

  /// Follows the lists of all targets that the caller sees, from now on and after each change of
  /// the rules. Does not wait for any target.
  void followLists(Call.InSession call) {
    call.session()
        .conversation()
        .feeds()
        .refreshWith(() ->
            Thread.ofVirtual()
                .name("session-feeds-" + call.session().digest())
                .start(() -> followNow(call)));
  }

  private void followNow(Call.InSession call) {
    List<Candidate> all =
        visibility.enabled(call.session().target()).stream()
            .filter(this::announcesOnlyWhenFollowed)
            .map(target -> new Candidate(target, "", "", false))
            .toList();
    try {
      var way = new Way.Many<>(io.reflow.gateway.catalog.ListKind.TOOLS, Optional.empty(), all);
      if (equip.apply(new Call.Routed(call, way)).way()
          instanceof Way.Many<Ready>(var _, var _, var ready)) {
        ready.forEach(each -> followInBackground(call.session(), each.reach()));
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LOG.atDebug().setCause(e).log("The lists of a session's targets are not followed");
    }
  }

  /// A process or pod of the initialize era says what it has to say while it runs, and is not kept
  /// running for that.
  private boolean announcesOnlyWhenFollowed(Target target) {
    return !target.transport().onDemand() || stateless.test(target);
  }

  private void followInBackground(Session session, Reach reach) {
    if (!session.conversation().feeds().followsLists(reach.key())) {
      Thread.ofVirtual()
          .name("follow-lists-" + reach.target().name())
          .start(() -> followLists(session, reach));
    }
  }

  private void followLists(Session session, Reach reach) {
    Feeds feeds = session.conversation().feeds();
    News news = session.conversation().news();
    Identity caller = session.owner();
    try {
      feeds.lists(
          reach.key(),
          upstreams.listen(
              reach,
              LISTS,
              new Listener() {
                @Override
                public void listChanged(ListKind kind) {
                  if (visibility.sees(caller, reach.target())) {
                    news.listChanged(kind);
                  }
                }

                @Override
                public void resourceUpdated(String uri, RawJson params) {}
              }));
      if (!session.conversation().streams().general().connected()) {
        feeds.closeLists();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (GatewayException e) {
      LOG.atDebug()
          .addKeyValue("target", reach.target().name())
          .addKeyValue("reason", e.reason())
          .log("The lists of a target are not followed");
    }
  }

  /// Subscribes the session to a resource.
  ///
  /// @param uri as the client names it
  /// @param feature the resource by its target's own name
  void subscribe(Session session, String uri, Reach reach, Feature feature)
      throws InterruptedException {
    Feeds feeds = session.conversation().feeds();
    feeds.requireRoom(uri);
    if (!upstreams.facts(reach).offers(Capability.RESOURCES_SUBSCRIBE)) {
      throw new MethodNotFound(
          "the target of '%s' tells nobody of changes".formatted(Refusals.quoted(uri)));
    }
    var interest = new Interest(Set.of(), Set.of(feature.name()));
    feeds.resource(uri, upstreams.listen(reach, interest, updates(session, uri, reach, feature)));
  }

  /// Whether the caller may still read the resource is asked with each change of it.
  private Listener updates(Session session, String uri, Reach reach, Feature subscribed) {
    Identity caller = session.owner();
    ResourceUris uris = ResourceUris.of(reach.target());
    return new Listener() {
      @Override
      public void listChanged(ListKind kind) {}

      @Override
      public void resourceUpdated(String changed, RawJson params) {
        var feature = new Feature(subscribed.target(), subscribed.kind(), changed);
        BooleanSupplier allowed = () -> policies.decide(caller, feature) instanceof Allowed;
        if (allowed.getAsBoolean()) {
          RawJson exposed = ResourceUpdate.exposed(params, uris.exposed(changed));
          session.conversation().news().resourceUpdated(uri, exposed, allowed);
        }
      }
    };
  }
}
