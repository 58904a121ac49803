package io.reflow.gateway.api;

import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.fault.GatewayException.NotFound;
import io.reflow.gateway.http.Exchange;
import io.reflow.gateway.identity.Authentication.Authenticated;
import io.reflow.gateway.policy.TargetAccess;
import io.reflow.gateway.target.AddressRules;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.target.TargetJson;
import io.reflow.gateway.target.TargetRequestJson;
import io.reflow.gateway.target.TargetRules;
import io.reflow.gateway.target.TargetStore;
import io.reflow.gateway.target.Transport;
import java.util.UUID;

/// `/api/targets`. A change counts on this replica before it is answered.
public final class TargetRoutes {

  private final TargetStore store;
  private final TargetAccess access;
  private final Reload reload;
  private final TakenNames taken;
  private final AddressRules addresses;
  private final boolean pods;

  /// @param pods whether this gateway has a cluster to run targets in
  public TargetRoutes(
      TargetStore store, TargetAccess access, Reload reload, AddressRules addresses, boolean pods) {
    this.store = store;
    this.access = access;
    this.reload = reload;
    this.taken = new TakenNames(reload.targets());
    this.addresses = addresses;
    this.pods = pods;
  }

  /// What those who are no admins see of a target.
  public record SummaryJson(String id, String name, String transportType) {

    static SummaryJson of(Target target) {
      return new SummaryJson(target.id().toString(), target.name(), target.transport().wireName());
    }
  }

  public void list(Exchange<Authenticated> exchange) {
    exchange.ok(access.all(exchange.caller()).stream().map(each -> shown(exchange, each)).toList());
  }

  public void get(Exchange<Authenticated> exchange) {
    exchange.ok(shown(exchange, access.get(exchange.caller(), exchange.id("id"))));
  }

  public void create(Exchange<Authenticated> exchange) {
    TargetId id = new TargetId(UUID.randomUUID());
    Target target = TargetRules.check(id, exchange.body(TargetRequestJson.class), true);
    taken.check(target);
    checkPlace(target);
    store.insert(target);
    reload.run();
    exchange.created(TargetJson.of(stored(id)));
  }

  /// Replaces all fields: one that is left out gets its default, but for `enabled`, which stays.
  public void update(Exchange<Authenticated> exchange) {
    Target before = access.get(exchange.caller(), exchange.id("id"));
    Target target =
        TargetRules.check(before.id(), exchange.body(TargetRequestJson.class), before.enabled());
    taken.check(target);
    checkPlace(target);
    if (!store.update(target)) {
      throw gone(before.id());
    }
    reload.run();
    exchange.ok(TargetJson.of(stored(before.id())));
  }

  public void delete(Exchange<Authenticated> exchange) {
    TargetId id = access.get(exchange.caller(), exchange.id("id")).id();
    if (!store.delete(id)) {
      throw gone(id);
    }
    reload.run();
    exchange.noContent();
  }

  private void checkPlace(Target target) {
    addresses.check(target);
    if (!pods && target.transport() instanceof Transport.Kubernetes) {
      throw new InvalidRequest(
          "transport_type kubernetes is not available here: an operator sets kubernetes.enabled in"
              + " the gateway's configuration");
    }
  }

  private static Object shown(Exchange<Authenticated> exchange, Target target) {
    return TargetAccess.admin(exchange.caller()) ? TargetJson.of(target) : SummaryJson.of(target);
  }

  private Target stored(TargetId id) {
    return reload.targets().find(id).orElseThrow(() -> gone(id));
  }

  private static NotFound gone(TargetId id) {
    return new NotFound("there is no target '%s'".formatted(id));
  }
}
