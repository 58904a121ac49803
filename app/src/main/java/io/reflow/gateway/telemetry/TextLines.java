package io.reflow.gateway.telemetry;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.encoder.EncoderBase;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.regex.Pattern;
import org.slf4j.event.KeyValuePair;

/// Lines for people. Control characters of messages and facts are shown as `?`, so that none can
/// pretend to be another line.
final class TextLines extends EncoderBase<ILoggingEvent> {

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("HH:mm:ss.SSS").withZone(ZoneId.systemDefault());
  private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}|[\\u0080-\\u009f]");
  private static final byte[] NOTHING = {};

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
    StringBuilder line = new StringBuilder(160);
    line.append(TIME.format(Instant.ofEpochMilli(event.getTimeStamp())));
    line.append(' ').append("%-5s".formatted(event.getLevel()));
    line.append(' ').append(shortened(event.getLoggerName())).append(": ");
    line.append(shown(event.getFormattedMessage()));
    if (event.getKeyValuePairs() != null) {
      for (KeyValuePair fact : event.getKeyValuePairs()) {
        line.append(' ').append(shown(fact.key)).append('=');
        line.append(shown(String.valueOf(fact.value)));
      }
    }
    event
        .getMDCPropertyMap()
        .forEach((key, value) -> line.append(' ').append(key).append('=').append(shown(value)));
    line.append('\n');
    if (event.getThrowableProxy() != null) {
      line.append(JsonLines.cut(ThrowableProxyUtil.asString(event.getThrowableProxy())));
      line.append('\n');
    }
    return line.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static String shortened(String logger) {
    return logger.substring(logger.lastIndexOf('.') + 1);
  }

  private static String shown(String text) {
    return CONTROL.matcher(JsonLines.cut(text)).replaceAll("?");
  }
}
