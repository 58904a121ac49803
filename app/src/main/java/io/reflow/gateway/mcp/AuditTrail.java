package io.reflow.gateway.mcp;

import io.reflow.gateway.audit.AuditEntry;
import io.reflow.gateway.audit.AuditIntent;
import io.reflow.gateway.audit.AuditOutcome;
import io.reflow.gateway.audit.Intended;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.policy.Feature.Kind;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.Session;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.telemetry.Trace;
import io.reflow.gateway.telemetry.TraceParent;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/// What there is to say of a message afterwards; the stages fill it in as they learn it. Used by
/// the one thread that works on the message.
final class AuditTrail {

  private static final int LONGEST_TEXT = 512;

  private final Instant startedAt;
  private final long startNanos = System.nanoTime();
  private final Trace trace;
  private final boolean tokenSent;
  private final Supplier<String> peer;
  private String traceId;
  private String method = "";
  private @Nullable Identity caller;
  private @Nullable Session session;
  private @Nullable RawJson requestId;
  private @Nullable Target target;
  private @Nullable Kind featureKind;
  private String featureName = "";
  private String policy = "";
  private String argumentsDigest = "";
  private Optional<String> arguments = Optional.empty();
  private String credentialScope = "";
  private String sessionElsewhere = "";
  private boolean stateless;
  private boolean denied;
  private String reason = "";
  private String remark = "";
  private String refusal = "";
  private OptionalInt errorCode = OptionalInt.empty();
  private long upstreamNanos;
  private int requestBytes;
  private @Nullable Intended intended;

  /// @param traceId of the request that the message came with
  /// @param peer the address that the request came from
  AuditTrail(
      Instant startedAt, String traceId, Trace trace, boolean tokenSent, Supplier<String> peer) {
    this.startedAt = startedAt;
    this.traceId = traceId;
    this.trace = trace;
    this.tokenSent = tokenSent;
    this.peer = peer;
  }

  void caller(Identity identity) {
    caller = identity;
  }

  void session(Session known) {
    session = known;
  }

  /// The session is at another replica; this is what logs and rows call it.
  void sessionElsewhere(String digest) {
    sessionElsewhere = digest;
  }

  /// The message is of the stateless era, whatever else is wrong with it.
  void stateless() {
    stateless = true;
  }

  /// What the message itself says of its trace counts from here on, in logs and rows too.
  void understood(JsonObject meta) {
    Optional<TraceParent> told =
        meta.text("traceparent").flatMap(text -> TraceParent.parse(text, meta.text("tracestate")));
    told.ifPresent(parent -> {
      traceId = parent.trace().value();
      MDC.put("traceId", traceId);
    });
    trace.understood(told, meta.text("baggage"));
  }

  void method(String name) {
    method = name;
  }

  void request(RawJson id) {
    requestId = id;
  }

  void requestBytes(int bytes) {
    requestBytes = bytes;
  }

  void wanted(Kind kind, String name) {
    featureKind = kind;
    featureName = name;
  }

  void target(Target found) {
    target = found;
  }

  void allowedBy(String rule) {
    policy = rule;
    denied = false;
  }

  /// The caller is told less than this.
  void deniedBy(String rule, String why) {
    policy = rule;
    denied = true;
    reason = why;
  }

  /// The caller is not let in; a word for the reason.
  void refusedFor(String word) {
    refusal = word;
  }

  /// The first reason counts: what comes after is its consequence.
  void failed(String why) {
    if (reason.isEmpty()) {
      reason = why;
    }
  }

  /// What is to be known besides, whether or not it fails.
  void remark(String what) {
    remark = what;
  }

  void errorCode(int code) {
    errorCode = OptionalInt.of(code);
  }

  void argumentsDigest(String digest) {
    argumentsDigest = digest;
  }

  /// What may be recorded of them.
  void arguments(Optional<String> recorded) {
    arguments = recorded;
  }

  void credentialScope(String scope) {
    credentialScope = scope;
  }

  void upstreamTook(long nanos) {
    upstreamNanos += nanos;
  }

  /// The intent is recorded.
  void intended(Intended recorded) {
    intended = recorded;
  }

  /// All that is known by now.
  AuditIntent describe() {
    return describe(policy, credentialScope);
  }

  /// The same, with what is known of the one target that comes into question: the rule that lets
  /// the caller in, and the scope of the credentials.
  AuditIntent describe(String rule, String scope) {
    Optional<Identity> by = Optional.ofNullable(caller);
    Optional<Session> in = Optional.ofNullable(session);
    Optional<Target> at = Optional.ofNullable(target);
    return new AuditIntent(
        startedAt,
        by.map(Identity::user),
        by.map(Identity::email),
        in.filter(known -> !known.stateless())
            .map(Session::digest)
            .or(() -> present(sessionElsewhere)),
        in.map(known -> known.client().name()),
        in.map(known -> known.client().version()),
        in.map(known -> known.version().wireName()),
        shortened(method),
        at.map(Target::id),
        at.map(Target::name),
        Optional.ofNullable(featureKind).map(Kind::wireName),
        present(featureName),
        present(rule),
        requestBytes,
        present(scope),
        present(argumentsDigest),
        Optional.of(traceId),
        arguments);
  }

  AuditEntry entry(AuditOutcome outcome, int answerBytes, Optional<String> answer) {
    return new AuditEntry(
        describe(),
        outcome,
        errorCode,
        present(remark.isEmpty() || reason.isEmpty() ? remark + reason : remark + "; " + reason),
        duration(),
        Duration.ofNanos(upstreamNanos),
        answerBytes,
        answer);
  }

  private static Optional<String> present(String text) {
    return text.isEmpty() ? Optional.empty() : Optional.of(shortened(text));
  }

  private static String shortened(String text) {
    return text.length() <= LONGEST_TEXT ? text : text.substring(0, LONGEST_TEXT);
  }

  Duration duration() {
    return Duration.ofNanos(System.nanoTime() - startNanos);
  }

  boolean tokenSent() {
    return tokenSent;
  }

  String peer() {
    return peer.get();
  }

  Trace trace() {
    return trace;
  }

  String traceId() {
    return traceId;
  }

  String method() {
    return method;
  }

  Optional<Identity> caller() {
    return Optional.ofNullable(caller);
  }

  Optional<Session> session() {
    return Optional.ofNullable(session);
  }

  Optional<RawJson> requestId() {
    return Optional.ofNullable(requestId);
  }

  /// Whether one feature of a target was asked for.
  boolean ofTarget() {
    return featureKind != null && target != null;
  }

  boolean toolCall() {
    return featureKind == Kind.TOOL && target != null;
  }

  @Nullable Kind featureKind() {
    return featureKind;
  }

  /// The rule that decided.
  String policy() {
    return policy;
  }

  Optional<Target> target() {
    return Optional.ofNullable(target);
  }

  String targetName() {
    return target == null ? "" : target.name();
  }

  String featureName() {
    return featureName;
  }

  /// Why the caller was not let in; empty where it was, or where it is not known.
  String refusal() {
    return refusal;
  }

  boolean isStateless() {
    return stateless;
  }

  boolean denied() {
    return denied;
  }

  OptionalInt errorCode() {
    return errorCode;
  }

  /// Null where nothing was to go upstream.
  @Nullable Intended intended() {
    return intended;
  }
}
