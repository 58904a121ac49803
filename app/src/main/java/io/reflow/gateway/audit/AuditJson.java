package io.reflow.gateway.audit;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.reflow.gateway.http.SafeJson;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Rows as JSON. Clients choose many of the texts in them, so what steers a terminal or turns the
/// direction of writing is escaped, whatever reads it.
final class AuditJson {

  private static final JsonFactory JSON = new JsonFactory();

  private AuditJson() {}

  /// One object after the other, in brackets.
  static byte[] array(List<AuditRowJson> rows) {
    return write(rows, true);
  }

  /// One object a line.
  static byte[] lines(List<AuditRowJson> rows) {
    return write(rows, false);
  }

  private static byte[] write(List<AuditRowJson> rows, boolean array) {
    var text = new StringWriter(512 * rows.size() + 2);
    try (JsonGenerator json = JSON.createGenerator(text)) {
      var _ = json.setPrettyPrinter(null).setRootValueSeparator(null);
      if (array) {
        json.writeStartArray();
      }
      for (AuditRowJson row : rows) {
        write(json, row);
        if (!array) {
          json.writeRaw('\n');
        }
      }
      if (array) {
        json.writeEndArray();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return SafeJson.escaped(text.toString()).getBytes(StandardCharsets.UTF_8);
  }

  private static void write(JsonGenerator json, AuditRowJson row) throws IOException {
    json.writeStartObject();
    text(json, "time", row.time());
    text(json, "replica", row.replica());
    json.writeNumberField("sequence", row.sequence());
    text(json, "user_id", row.userId());
    text(json, "user_email", row.userEmail());
    text(json, "session_id", row.sessionId());
    text(json, "client_name", row.clientName());
    text(json, "client_version", row.clientVersion());
    text(json, "protocol_version", row.protocolVersion());
    text(json, "method", row.method());
    text(json, "target_id", row.targetId());
    text(json, "target_name", row.targetName());
    text(json, "feature_kind", row.featureKind());
    text(json, "feature_name", row.featureName());
    text(json, "policy", row.policy());
    text(json, "outcome", row.outcome());
    if (row.errorCode() != null) {
      json.writeNumberField("error_code", row.errorCode());
    }
    text(json, "reason", row.reason());
    json.writeNumberField("duration_us", row.durationUs());
    json.writeNumberField("upstream_us", row.upstreamUs());
    json.writeNumberField("request_bytes", row.requestBytes());
    json.writeNumberField("answer_bytes", row.answerBytes());
    text(json, "credential_scope", row.credentialScope());
    text(json, "arguments_digest", row.argumentsDigest());
    text(json, "trace_id", row.traceId());
    text(json, "arguments", row.arguments());
    text(json, "answer", row.answer());
    json.writeEndObject();
  }

  private static void text(JsonGenerator json, String name, @Nullable String value)
      throws IOException {
    if (value != null) {
      json.writeStringField(name, value);
    }
  }
}
