package io.reflow.gateway.api;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.reflow.gateway.http.Exchange;
import io.reflow.gateway.identity.Authentication.Authenticated;
import io.reflow.gateway.instance.InstanceStatus;
import io.reflow.gateway.instance.PodState;
import io.reflow.gateway.instance.Restarts;
import io.reflow.gateway.policy.TargetAccess;
import io.reflow.gateway.replica.Inquiry;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.upstream.Upstreams;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// `/api/targets/{id}/instances`: what runs for a target on all replicas, and a fresh start for all
/// of it.
public final class InstanceRoutes {

  private static final Logger LOG = LoggerFactory.getLogger(InstanceRoutes.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String RUNNING = "running";

  private final TargetAccess access;
  private final Upstreams upstreams;
  private final Restarts restarts;
  private final ToIntFunction<TargetId> pods;
  private final Inquiry others;
  private final String replica;

  /// Routes of the replica that is called `replica`.
  ///
  /// @param pods removes those of a target, and says how many there were
  public InstanceRoutes(
      TargetAccess access,
      Upstreams upstreams,
      Restarts restarts,
      ToIntFunction<TargetId> pods,
      Inquiry others,
      String replica) {
    this.access = access;
    this.upstreams = upstreams;
    this.restarts = restarts;
    this.pods = pods;
    this.others = others;
    this.replica = replica;
  }

  /// One running, starting or failed instance.
  ///
  /// @param replica where it runs
  /// @param pod the name of its pod, while there is one
  /// @param phase what the operator says of it, if it runs as a pod
  public record InstanceJson(
      String replica,
      String subjectKey,
      String state,
      @Nullable Long pid,
      @Nullable String pod,
      @Nullable String phase,
      long ageSeconds,
      long idleSeconds,
      int callsInFlight,
      int failures,
      @Nullable String reason,
      List<String> stderr) {

    static InstanceJson of(InstanceStatus status, String replica) {
      return new InstanceJson(
          replica,
          status.key().wireName(),
          status.state().wireName(),
          status.pid().isPresent() ? status.pid().getAsLong() : null,
          status.pod().flatMap(PodState::name).orElse(null),
          status.pod().map(PodState::phase).orElse(null),
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
    exchange.ok(all(exchange, target));
  }

  /// The same, but of this replica only: for the others.
  public void listHere(Exchange<Authenticated> exchange) {
    Target target = access.get(exchange.caller(), exchange.id("id"));
    exchange.ok(here(target));
  }

  private List<InstanceJson> here(Target target) {
    return upstreams.instances(target.id()).stream()
        .map(status -> InstanceJson.of(status, replica))
        .toList();
  }

  /// Whoever reads a list without some replica's is told so by a header.
  private List<Object> all(Exchange<Authenticated> exchange, Target target) {
    List<Object> all = new ArrayList<>(here(target));
    try {
      Inquiry.Answers answers =
          others.get("/api/targets/" + target.id() + "/instances", exchange.authorization());
      int unread = answers.unanswered();
      for (byte[] body : answers.bodies()) {
        unread += read(body, all) ? 0 : 1;
      }
      if (unread > 0) {
        exchange.header("X-Replicas-Missing", Integer.toString(unread));
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    return all;
  }

  private static boolean read(byte[] body, List<Object> into) {
    try {
      into.addAll(JSON.readValue(body, new TypeReference<List<Map<String, Object>>>() {}));
      return true;
    } catch (IOException e) {
      LOG.atWarn().setCause(e).log("Another replica's instances can't be read");
      return false;
    }
  }

  /// `POST /api/targets/{id}/restart-instances`.
  public void restart(Exchange<Authenticated> exchange) {
    Target target = access.get(exchange.caller(), exchange.id("id"));
    if (target.transport() instanceof Transport.Kubernetes) {
      int removed = pods.applyAsInt(target.id());
      restarts.restart(target.id());
      exchange.ok(new RestartedJson(removed));
      return;
    }
    long running = all(exchange, target).stream().filter(InstanceRoutes::runs).count();
    restarts.restart(target.id());
    exchange.ok(new RestartedJson((int) running));
  }

  private static boolean runs(Object instance) {
    return instance instanceof InstanceJson own
        ? own.state().equals(RUNNING)
        : instance instanceof Map<?, ?> elsewhere
            && Objects.equals(elsewhere.get("state"), RUNNING);
  }
}
