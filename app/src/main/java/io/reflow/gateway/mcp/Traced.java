package io.reflow.gateway.mcp;

import io.reflow.gateway.policy.Feature;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.telemetry.ChildSpan;
import io.reflow.gateway.telemetry.Metrics;
import io.reflow.gateway.telemetry.SpanFacts;
import io.reflow.gateway.telemetry.Trace;
import io.reflow.gateway.upstream.Spans;
import java.util.Optional;
import java.util.regex.Pattern;

/// Goes around everything that is done for a message: its span, while requests are traced.
///
/// See <https://opentelemetry.io/docs/specs/semconv/gen-ai/mcp/>
final class Traced implements Stage<Call.Received, Reply> {

  /// Where addresses hold what is secret.
  private static final Pattern USER = Pattern.compile("//[^/@]*@");

  private static final Pattern QUERY = Pattern.compile("[?#].*", Pattern.DOTALL);

  private final Stage<Call.Received, Reply> inner;

  Traced(Stage<Call.Received, Reply> inner) {
    this.inner = inner;
  }

  @Override
  public Reply apply(Call.Received call) throws InterruptedException {
    AuditTrail trail = call.trail();
    Trace trace = trail.trace();
    if (!trace.on()) {
      return inner.apply(call);
    }
    String error = "";
    try {
      Reply reply = trace.during(() -> inner.apply(call));
      error = error(trail, reply);
      return reply;
    } catch (Incoming.Elsewhere e) {
      trace.passedOn();
      throw e;
    } catch (RuntimeException | InterruptedException e) {
      error = e.getClass().getSimpleName();
      throw e;
    } finally {
      trace.over(name(trail), error, facts -> describe(facts, trail));
    }
  }

  private static String error(AuditTrail trail, Reply reply) {
    if (trail.errorCode().isPresent()) {
      return Integer.toString(trail.errorCode().getAsInt());
    }
    return reply instanceof Reply.Withdrawn ? "cancelled" : "";
  }

  /// Only what is there has a name of its own: what clients make up is not to fill anybody's list.
  private static String name(AuditTrail trail) {
    String method = Metrics.method(trail.method());
    return named(trail).map(feature -> method + " " + feature).orElse(method);
  }

  /// The tool or prompt that the target has been asked for.
  private static Optional<String> named(AuditTrail trail) {
    boolean known =
        trail.ofTarget() && !trail.denied() && trail.featureKind() != Feature.Kind.RESOURCE;
    return known ? Optional.of(trail.featureName()) : Optional.empty();
  }

  private static void describe(SpanFacts facts, AuditTrail trail) {
    facts.text("mcp.method.name", trail.method());
    feature(facts, trail);
    trail.requestId().map(Traced::id).ifPresent(id -> facts.text("jsonrpc.request.id", id));
    trail
        .session()
        .ifPresent(session -> {
          facts.text("mcp.protocol.version", session.version().wireName());
          // The id itself would be enough to speak in the session.
          facts.text("mcp.session.id", session.stateless() ? "" : session.digest());
        });
    trail.caller().ifPresent(caller -> facts.text("user.id", caller.user().toString()));
    facts
        .text("network.transport", "tcp")
        .text("network.protocol.name", "http")
        .text("client.address", trail.peer())
        .text("reflow.target", trail.targetName())
        .text("reflow.policy", trail.policy());
    if (trail.errorCode().isPresent()) {
      facts.text("rpc.response.status_code", Integer.toString(trail.errorCode().getAsInt()));
    }
  }

  /// The target has answered, or has not.
  ///
  /// @param error what the wait for it ended with; empty if with an answer
  static void called(AuditTrail trail, ChildSpan span, String error) {
    span.end(
        ChildSpan.Kind.CALL,
        name(trail),
        error.isEmpty() && trail.errorCode().isPresent()
            ? Integer.toString(trail.errorCode().getAsInt())
            : error,
        facts -> {
          facts.text("mcp.method.name", trail.method());
          feature(facts, trail);
          trail.target().ifPresent(target -> Spans.describe(facts, target));
        });
  }

  private static void feature(SpanFacts facts, AuditTrail trail) {
    switch (trail.featureKind()) {
      case TOOL -> {
        facts.text("gen_ai.operation.name", "execute_tool");
        facts.text("gen_ai.tool.name", trail.featureName());
      }
      case PROMPT -> facts.text("gen_ai.prompt.name", trail.featureName());
      case RESOURCE -> facts.text("mcp.resource.uri", withoutSecrets(trail.featureName()));
      case null -> {}
    }
  }

  static String withoutSecrets(String uri) {
    return QUERY.matcher(USER.matcher(uri).replaceFirst("//")).replaceFirst("");
  }

  /// A text without its quotes.
  private static String id(RawJson id) {
    String text = id.toString();
    return text.startsWith("\"") ? text.substring(1, text.length() - 1) : text;
  }
}
