package io.reflow.gateway.api;

import io.reflow.gateway.http.Exchange;
import io.reflow.gateway.identity.Authentication.Authenticated;
import io.reflow.gateway.instance.InstanceStatus;
import io.reflow.gateway.policy.TargetAccess;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.upstream.Upstreams;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `/api/targets/{id}/instances`: what runs for a target, and a fresh start for all of it.
public final class InstanceRoutes {

  private final TargetAccess access;
  private final Upstreams upstreams;

  public InstanceRoutes(TargetAccess access, Upstreams upstreams) {
    this.access = access;
    this.upstreams = upstreams;
  }

  /// One running, starting or failed instance.
  public record InstanceJson(
      String subjectKey,
      String state,
      @Nullable Long pid,
      long ageSeconds,
      long idleSeconds,
      int callsInFlight,
      int failures,
      @Nullable String reason,
      List<String> stderr) {

    static InstanceJson of(InstanceStatus status) {
      return new InstanceJson(
          status.key().wireName(),
          status.state().wireName(),
          status.pid().isPresent() ? status.pid().getAsLong() : null,
          status.age().toSeconds(),
          status.idle().toSeconds(),
          status.calls(),
          status.failures(),
          status.reason().orElse(null),
          status.lastLines());
    }
  }

  /// How many instances were ended; the next call starts each anew.
  public record RestartedJson(int restarted) {}

  /// `GET /api/targets/{id}/instances`.
  public void list(Exchange<Authenticated> exchange) {
    Target target = access.get(exchange.caller(), exchange.id("id"));
    exchange.ok(upstreams.instances(target.id()).stream().map(InstanceJson::of).toList());
  }

  /// `POST /api/targets/{id}/restart-instances`.
  public void restart(Exchange<Authenticated> exchange) {
    Target target = access.get(exchange.caller(), exchange.id("id"));
    exchange.ok(new RestartedJson(upstreams.retire(target.id())));
  }
}
