package io.reflow.gateway.api;

import io.reflow.gateway.catalog.Catalog;
import io.reflow.gateway.catalog.ListKind;
import io.reflow.gateway.credential.Credentials;
import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.policy.Permit;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.upstream.Reach;
import io.reflow.gateway.upstream.ServerFacts;
import io.reflow.gateway.upstream.Upstreams;
import java.util.List;
import java.util.Optional;

/// Probes a target over the same way that calls take, so that what it reports is what calls get.
public final class UpstreamProber implements Prober {

  private final Credentials credentials;
  private final Upstreams upstreams;
  private final Catalog catalog;

  public UpstreamProber(Credentials credentials, Upstreams upstreams, Catalog catalog) {
    this.credentials = credentials;
    this.upstreams = upstreams;
    this.catalog = catalog;
  }

  @Override
  public ProbeReport probe(Target target, Permit permit) throws InterruptedException {
    try {
      InstanceKey key = InstanceKey.of(target, permit.caller());
      var reach = new Reach(target, permit, key, credentials.resolve(permit, target, key));
      return reached(reach, upstreams.open(reach));
    } catch (GatewayException e) {
      return new ProbeReport.Failed(e.reason(), lastLines(target));
    }
  }

  private ProbeReport reached(Reach reach, ServerFacts facts) throws InterruptedException {
    JsonObject server = serverInfo(facts);
    return new ProbeReport.Reached(
        facts.version().stateless() ? "stateless" : "initialize",
        facts.version().wireName(),
        server.text("name").orElse(""),
        server.text("version"),
        count(reach, facts, ListKind.TOOLS),
        count(reach, facts, ListKind.RESOURCES),
        count(reach, facts, ListKind.PROMPTS));
  }

  private Optional<Integer> count(Reach reach, ServerFacts facts, ListKind kind)
      throws InterruptedException {
    return facts.offers(kind.capability())
        ? Optional.of(catalog.count(reach, kind))
        : Optional.empty();
  }

  private static JsonObject serverInfo(ServerFacts facts) {
    try {
      return MessageReader.readObject(facts.serverInfo());
    } catch (MalformedMessage _) {
      return JsonObject.EMPTY;
    }
  }

  private List<String> lastLines(Target target) {
    return upstreams.instances(target.id()).stream()
        .map(status -> status.lastLines())
        .filter(lines -> !lines.isEmpty())
        .findFirst()
        .orElse(List.of());
  }
}
