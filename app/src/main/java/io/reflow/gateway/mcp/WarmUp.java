package io.reflow.gateway.mcp;

import io.reflow.gateway.catalog.Catalog;
import io.reflow.gateway.catalog.ListKind;
import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.mcp.Call.Candidate;
import io.reflow.gateway.mcp.Call.Ready;
import io.reflow.gateway.telemetry.Trace;
import io.reflow.gateway.upstream.Reach;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Connects the targets of a new session ahead of its first question, without anybody waiting.
final class WarmUp {

  private static final Logger LOG = LoggerFactory.getLogger(WarmUp.class);

  private final Visibility visibility;
  private final Stage<Call.Routed, Call.Equipped> equip;
  private final Catalog catalog;

  WarmUp(Visibility visibility, Stage<Call.Routed, Call.Equipped> equip, Catalog catalog) {
    this.visibility = visibility;
    this.equip = equip;
    this.catalog = catalog;
  }

  void start(Call.InSession call) {
    List<Candidate> targets =
        visibility.enabled(call.session().target()).stream()
            .map(target -> new Candidate(target, "", "", false))
            .toList();
    Thread.ofVirtual()
        .name("warm-up-" + call.caller().user())
        .start(call.trail().trace().carrying(() -> connect(call, targets)));
  }

  private void connect(Call.InSession call, List<Candidate> targets) {
    try {
      var way = new Way.Many<>(ListKind.TOOLS, Optional.empty(), targets);
      Call.Equipped equipped = equip.apply(new Call.Routed(call, way));
      if (equipped.way() instanceof Way.Many<Ready>(var _, var _, var ready)) {
        Trace trace = call.trail().trace();
        ready.forEach(target ->
            Thread.ofVirtual()
                .name("warm-up-" + target.reach().target().name())
                .start(trace.carrying(() -> connect(target.reach()))));
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LOG.atDebug().setCause(e).log("The targets of a new session were not connected ahead");
    }
  }

  private void connect(Reach reach) {
    try {
      catalog.preload(reach, ListKind.TOOLS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (GatewayException e) {
      LOG.atDebug()
          .addKeyValue("target", reach.target().name())
          .addKeyValue("reason", e.reason())
          .log("The target was not connected ahead");
    }
  }
}
