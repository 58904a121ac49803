package io.reflow.gateway.mcp;

import io.reflow.gateway.audit.AuditOutcome;
import io.reflow.gateway.fault.GatewayException;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Goes around the whole pipeline: whatever becomes of a message, its row is in the journal before
/// the answer leaves. What can't be recorded is not answered.
final class Audited implements Stage<Call.Received, Reply> {

  private static final Logger LOG = LoggerFactory.getLogger(Audited.class);

  private final Stage<Call.Received, Reply> inner;
  private final Records records;

  Audited(Stage<Call.Received, Reply> inner, Records records) {
    this.inner = inner;
    this.records = records;
  }

  @Override
  public Reply apply(Call.Received call) throws InterruptedException {
    AuditTrail trail = call.trail();
    try {
      return recorded(trail, reply(call));
    } catch (InterruptedException e) {
      records.add(trail, AuditOutcome.CANCELLED, 0);
      throw e;
    } catch (Incoming.Unreadable e) {
      trail.failed(e.why());
      records.add(trail, AuditOutcome.FAILED, 0);
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
      records.add(trail, outcome(trail, reply), size(reply), answer(trail, reply));
      return reply;
    } catch (GatewayException e) {
      reply.discard();
      return Failures.refusal(e, trail);
    }
  }

  private Optional<String> answer(AuditTrail trail, Reply reply) {
    return trail.ofTarget() && reply instanceof Reply.Answer(var message, var _)
        ? records.body(message)
        : Optional.empty();
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
