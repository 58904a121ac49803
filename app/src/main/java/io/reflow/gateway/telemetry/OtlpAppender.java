package io.reflow.gateway.telemetry;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import io.opentelemetry.api.logs.Severity;
import io.opentelemetry.api.trace.SpanContext;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.KeyValuePair;

/// Lines of the log as log records, with the trace that they belong to.
final class OtlpAppender extends AppenderBase<ILoggingEvent> {

  static final String TRACE = "traceId";

  private static final int LONGEST = 4096;
  private static final Pattern TRACE_ID = Pattern.compile("[0-9a-f]{32}");

  private final OtlpLogs logs;

  OtlpAppender(OtlpLogs logs) {
    this.logs = logs;
  }

  @Override
  protected void append(ILoggingEvent event) {
    var facts = new SpanFacts();
    @Nullable String trace = null;
    for (Map.Entry<String, String> fact : event.getMDCPropertyMap().entrySet()) {
      if (fact.getKey().equals(TRACE)) {
        trace = fact.getValue();
      } else {
        facts.text(fact.getKey(), fact.getValue());
      }
    }
    List<KeyValuePair> pairs = event.getKeyValuePairs();
    if (pairs != null) {
      for (KeyValuePair fact : pairs) {
        if (fact.key.equals(TRACE)) {
          trace = String.valueOf(fact.value);
        } else {
          put(facts, fact.key, fact.value);
        }
      }
    }
    facts.text("thread.name", event.getThreadName());
    failure(facts, event.getThrowableProxy());
    logs.line(
        event.getInstant(),
        context(trace),
        severity(event.getLevel()),
        event.getLoggerName(),
        SafeText.of(event.getFormattedMessage(), LONGEST),
        facts);
  }

  private static void put(SpanFacts facts, String name, @Nullable Object value) {
    switch (value) {
      case null -> {}
      case Boolean truth -> facts.truth(name, truth);
      case Integer number -> facts.number(name, number);
      case Long number -> facts.number(name, number);
      case Double number when Double.isFinite(number) -> facts.decimal(name, number);
      default -> facts.text(name, value.toString(), LONGEST);
    }
  }

  // https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-logs/
  private static void failure(SpanFacts facts, @Nullable IThrowableProxy failure) {
    if (failure != null) {
      facts.text("exception.type", failure.getClassName());
      String message = failure.getMessage();
      facts.text("exception.message", message == null ? "" : message, LONGEST);
      facts.text("exception.stacktrace", ThrowableProxyUtil.asString(failure), LONGEST);
    }
  }

  /// The span of the message is known to who works on it, the trace to others too.
  private static SpanContext context(@Nullable String trace) {
    return trace != null && TRACE_ID.matcher(trace).matches()
        ? new SpanIds(trace, Trace.current().span(), false)
        : SpanContext.getInvalid();
  }

  private static Severity severity(Level level) {
    return switch (level.toInt()) {
      case Level.ERROR_INT -> Severity.ERROR;
      case Level.WARN_INT -> Severity.WARN;
      case Level.INFO_INT -> Severity.INFO;
      case Level.DEBUG_INT -> Severity.DEBUG;
      default -> Severity.TRACE;
    };
  }
}
