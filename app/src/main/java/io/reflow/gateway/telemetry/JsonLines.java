package io.reflow.gateway.telemetry;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.encoder.EncoderBase;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.event.KeyValuePair;

/// One JSON object a line: `timestamp`, `level`, `logger`, `thread`, `message`, each fact under its
/// own name, `exception` with the stack.
final class JsonLines extends EncoderBase<ILoggingEvent> {

  private static final int MAX_TEXT = 16_384;
  private static final byte[] NOTHING = {};
  private static final JsonFactory JSON = new JsonFactory();

  @Override
  public byte[] headerBytes() {
    return NOTHING;
  }

  @Override
  public byte[] footerBytes() {
    return NOTHING;
  }

  @Override
  public byte[] encode(ILoggingEvent event) {
    StringWriter line = new StringWriter(256);
    try (JsonGenerator json = JSON.createGenerator(line)) {
      json.writeStartObject();
      json.writeStringField("timestamp", Instant.ofEpochMilli(event.getTimeStamp()).toString());
      json.writeStringField("level", event.getLevel().toString());
      json.writeStringField("logger", event.getLoggerName());
      json.writeStringField("thread", event.getThreadName());
      json.writeStringField("message", cut(event.getFormattedMessage()));
      writeFacts(json, event);
      if (event.getThrowableProxy() != null) {
        json.writeStringField(
            "exception", cut(ThrowableProxyUtil.asString(event.getThrowableProxy())));
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return line.append('\n').toString().getBytes(StandardCharsets.UTF_8);
  }

  /// A name counts once: a JSON object with the same member twice means different things to
  /// different readers.
  private static void writeFacts(JsonGenerator json, ILoggingEvent event) throws IOException {
    Set<String> written =
        new HashSet<>(Set.of("timestamp", "level", "logger", "thread", "message", "exception"));
    List<KeyValuePair> facts = event.getKeyValuePairs();
    if (facts != null) {
      for (KeyValuePair fact : facts) {
        if (written.add(fact.key)) {
          json.writeFieldName(fact.key);
          write(json, fact.value);
        }
      }
    }
    for (Map.Entry<String, String> fact : event.getMDCPropertyMap().entrySet()) {
      if (written.add(fact.getKey())) {
        json.writeStringField(fact.getKey(), fact.getValue());
      }
    }
  }

  private static void write(JsonGenerator json, Object value) throws IOException {
    switch (value) {
      case null -> json.writeNull();
      case Boolean truth -> json.writeBoolean(truth);
      case Integer number -> json.writeNumber(number);
      case Long number -> json.writeNumber(number);
      case Double number when Double.isFinite(number) -> json.writeNumber(number);
      default -> json.writeString(cut(value.toString()));
    }
  }

  static String cut(String text) {
    return text.length() <= MAX_TEXT ? text : text.substring(0, MAX_TEXT) + "… (cut)";
  }
}
