package io.reflow.gateway.policy;

import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.fault.GatewayException.NotFound;
import io.reflow.gateway.fault.GatewayException.NotPermitted;
import io.reflow.gateway.http.Exchange;
import io.reflow.gateway.identity.Authentication.Authenticated;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.policy.Policy.Member;
import io.reflow.gateway.policy.PolicyJson.SubjectJson;
import io.reflow.gateway.policy.PolicyRequestJson.SubjectRequestJson;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.Targets;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

/// `/api/policies`. A change counts on this replica before it is answered.
public final class PolicyRoutes {

  private final PolicyStore store;
  private final PolicyEngine engine;
  private final TargetAccess access;
  private final Function<UserId, Optional<Identity>> users;
  private final PolicyForm form;

  /// @param users who has an id, as the users table says now
  public PolicyRoutes(
      PolicyStore store,
      PolicyEngine engine,
      Targets targets,
      Function<UserId, Optional<Identity>> users) {
    this.store = store;
    this.engine = engine;
    this.access = new TargetAccess(targets, engine);
    this.users = users;
    this.form = new PolicyForm(targets, user -> users.apply(user).isPresent());
  }

  public void list(Exchange<Authenticated> exchange) {
    exchange.ok(store.all().stream().sorted(Policy.ORDER).map(PolicyJson::of).toList());
  }

  public void get(Exchange<Authenticated> exchange) {
    exchange.ok(PolicyJson.of(find(exchange.id("id"))));
  }

  public void create(Exchange<Authenticated> exchange) {
    Policy policy = form.check(UUID.randomUUID(), exchange.body(PolicyRequestJson.class), true);
    store.insert(policy);
    engine.reload();
    exchange.created(PolicyJson.of(find(policy.id())));
  }

  public void update(Exchange<Authenticated> exchange) {
    Policy before = find(exchange.id("id"));
    Policy policy =
        form.check(before.id(), exchange.body(PolicyRequestJson.class), before.enabled());
    if (!store.update(policy)) {
      throw unknown(before.id());
    }
    engine.reload();
    exchange.ok(PolicyJson.of(find(policy.id())));
  }

  public void delete(Exchange<Authenticated> exchange) {
    UUID id = exchange.id("id");
    if (!store.delete(id)) {
      throw unknown(id);
    }
    engine.reload();
    exchange.noContent();
  }

  public void addSubject(Exchange<Authenticated> exchange) {
    Policy policy = find(exchange.id("id"));
    Member member = form.member(exchange.body(SubjectRequestJson.class));
    store.insertMember(policy.id(), member);
    engine.reload();
    exchange.created(SubjectJson.of(member));
  }

  public void removeSubject(Exchange<Authenticated> exchange) {
    UUID member = exchange.id("sid");
    if (!store.deleteMember(exchange.id("id"), member)) {
      throw new NotFound("the policy has no subject '%s'".formatted(member));
    }
    engine.reload();
    exchange.noContent();
  }

  /// What would be decided: for oneself, or, asked by an admin, for anybody.
  public void check(Exchange<Authenticated> exchange) {
    CheckJson.RequestJson request = exchange.body(CheckJson.RequestJson.class);
    if (request.target() == null || request.resourceName() == null) {
      throw new InvalidRequest("target and resource_name must be given");
    }
    Feature.Kind kind = PolicyForm.kindOf(request.resourceType());
    Identity subject = subject(exchange.caller(), request);
    Target target = access.get(exchange.caller(), request.target());
    exchange.ok(
        CheckJson.of(
            engine.explain(subject, new Feature(target.id(), kind, request.resourceName())),
            TargetAccess.admin(exchange.caller())));
  }

  private Identity subject(Authenticated caller, CheckJson.RequestJson request) {
    String own = caller.identity().user().toString();
    if (request.userId() == null || request.userId().equals(own)) {
      return caller.identity();
    }
    if (!TargetAccess.admin(caller)) {
      throw new NotPermitted("only an admin may check for another user: leave out user_id");
    }
    try {
      return users
          .apply(new UserId(UUID.fromString(request.userId())))
          .orElseThrow(() -> new InvalidRequest("user_id: there is no such user"));
    } catch (IllegalArgumentException _) {
      throw new InvalidRequest("user_id is not a UUID");
    }
  }

  private Policy find(UUID id) {
    return store.find(id).orElseThrow(() -> unknown(id));
  }

  private static NotFound unknown(UUID id) {
    return new NotFound("there is no policy '%s'".formatted(id));
  }
}
