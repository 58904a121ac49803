package io.reflow.gateway.mcp;

import io.reflow.gateway.audit.AuditEntry;
import io.reflow.gateway.audit.AuditLog;
import io.reflow.gateway.audit.AuditOutcome;
import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.telemetry.Metrics;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Goes around the whole pipeline: whatever becomes of a message, its row is in the journal before
/// the answer leaves. What can't be recorded is not answered. Callers without a token that counts
/// are counted instead, so that nobody can fill the journal.
final class Audited implements Stage<Call.Received, Reply> {

  private static final Logger LOG = LoggerFactory.getLogger(Audited.class);

  private final Stage<Call.Received, Reply> inner;
  private final AuditLog log;
  private final Metrics metrics;
  private final Strangers strangers = new Strangers(System::nanoTime);

  Audited(Stage<Call.Received, Reply> inner, AuditLog log, Metrics metrics) {
    this.inner = inner;
    this.log = log;
    this.metrics = metrics;
  }

  @Override
  public Reply apply(Call.Received call) throws InterruptedException {
    AuditTrail trail = call.trail();
    try {
      return recorded(trail, reply(call));
    } catch (InterruptedException e) {
      record(trail, AuditOutcome.CANCELLED);
      throw e;
    } catch (Incoming.Unreadable e) {
      trail.failed(e.why());
      record(trail, AuditOutcome.FAILED);
      throw e;
    }
  }

  private Reply reply(Call.Received call) throws InterruptedException {
    try {
      return inner.apply(call);
    } catch (GatewayException e) {
      return Failures.reply(e, call.trail());
    } catch (Incoming.Unreadable | Incoming.Elsewhere e) {
      throw e;
    } catch (RuntimeException e) {
      LOG.atError()
          .setCause(e)
          .addKeyValue("traceId", call.trail().traceId())
          .addKeyValue("method", call.trail().method())
          .log("A message could not be handled");
      return Failures.unexpected(call.trail());
    }
  }

  private Reply recorded(AuditTrail trail, Reply reply) {
    if (reply instanceof Reply.Batched) {
      // Each of its messages has a row of its own.
      return reply;
    }
    try {
      record(trail, outcome(trail, reply), size(reply), answer(trail, reply));
      return reply;
    } catch (GatewayException e) {
      reply.discard();
      return Failures.refusal(e, trail);
    }
  }

  private Optional<String> answer(AuditTrail trail, Reply reply) {
    return trail.ofTarget() && reply instanceof Reply.Answer(var message, var _)
        ? log.bodies().answer(message)
        : Optional.empty();
  }

  private void record(AuditTrail trail, AuditOutcome outcome) {
    record(trail, outcome, 0, Optional.empty());
  }

  private void record(
      AuditTrail trail, AuditOutcome outcome, int answerBytes, Optional<String> answer) {
    if (trail.caller().isEmpty()) {
      metrics.refused("unauthenticated");
      strangers.refused(trail);
      return;
    }
    metrics.request(trail.method(), outcome.wireName(), trail.duration());
    if (trail.toolCall()) {
      metrics.toolCall(
          trail.targetName(), trail.featureName(), outcome.wireName(), trail.duration());
    }
    AuditEntry entry = trail.entry(outcome, answerBytes, answer);
    if (trail.sequence().isPresent()) {
      log.record(trail.sequence().getAsLong(), entry);
    } else {
      log.record(entry);
    }
  }

  private static AuditOutcome outcome(AuditTrail trail, Reply reply) {
    if (trail.denied()) {
      return AuditOutcome.DENIED;
    }
    return switch (reply) {
      case Reply.Refusal _ -> AuditOutcome.FAILED;
      case Reply.Withdrawn() -> AuditOutcome.CANCELLED;
      case Reply.Answer _ when trail.errorCode().isPresent() -> AuditOutcome.FAILED;
      case Reply.Answer _,
          Reply.Accepted(),
          Reply.Closed(),
          Reply.Events _,
          Reply.Connected _,
          Reply.Batched _ ->
          AuditOutcome.ALLOWED;
    };
  }

  private static int size(Reply reply) {
    return switch (reply) {
      case Reply.Answer(var message, var _) -> message.length();
      case Reply.Refusal refusal -> refusal.message().length();
      case Reply.Accepted(),
          Reply.Closed(),
          Reply.Withdrawn(),
          Reply.Events _,
          Reply.Connected _,
          Reply.Batched _ ->
          0;
    };
  }
}
