package io.reflow.gateway.upstream.stateless;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.LogLevel;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Caller;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What each request says of the client in `_meta`, since there is no handshake that has said it:
/// the members as they stand there. Callers are much alike, so the last text is kept.
public final class Context {

  private static final String PREFIX = "io.modelcontextprotocol/";
  private static final ProtocolVersion VERSION = ProtocolVersion.V2026_07_28;

  private final String head;
  private volatile @Nullable Written last;

  @SuppressWarnings("ArrayRecordComponent") // shared, never compared
  private record Written(ClientCapabilities capabilities, Optional<LogLevel> level, byte[] text) {}

  public Context(String gatewayVersion) {
    this.head =
        member("protocolVersion", JsonText.quote(VERSION.wireName()))
            + ","
            + member(
                "clientInfo",
                "{\"name\":\"reflow-gateway\",\"version\":%s}"
                    .formatted(JsonText.quote(gatewayVersion)));
  }

  private static String member(String name, String value) {
    return "\"" + PREFIX + name + "\":" + value;
  }

  /// As a caller's client is.
  byte[] of(Caller caller) {
    ClientCapabilities capabilities = caller.capabilities();
    Optional<LogLevel> level = caller.logLevel();
    Written known = last;
    if (known != null && known.capabilities.equals(capabilities) && known.level.equals(level)) {
      return known.text;
    }
    byte[] text = write(capabilities.json(VERSION), level);
    last = new Written(capabilities, level, text);
    return text;
  }

  /// As the gateway itself is, declaring just this.
  public byte[] declaring(RawJson capabilities) {
    return write(capabilities, Optional.empty());
  }

  /// As a caller's client is, but for other capabilities.
  byte[] of(Caller caller, RawJson capabilities) {
    return write(capabilities, caller.logLevel());
  }

  private byte[] write(RawJson capabilities, Optional<LogLevel> level) {
    String text =
        head
            + ","
            + member("clientCapabilities", capabilities.toString())
            + level.map(at -> "," + member("logLevel", JsonText.quote(at.wireName()))).orElse("");
    return text.getBytes(UTF_8);
  }
}
