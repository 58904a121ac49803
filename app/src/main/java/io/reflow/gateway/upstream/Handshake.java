package io.reflow.gateway.upstream;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.Set;

/// The `initialize` of the revisions that have sessions: what the gateway says and what it makes of
/// the target's answer.
public final class Handshake {

  /// The revisions that begin with `initialize`.
  public static final Set<ProtocolVersion> WITH_SESSIONS =
      Set.of(
          ProtocolVersion.V2024_11_05,
          ProtocolVersion.V2025_03_26,
          ProtocolVersion.V2025_06_18,
          ProtocolVersion.V2025_11_25);

  /// Those of them that are spoken over Streamable HTTP.
  public static final Set<ProtocolVersion> STREAMABLE =
      Set.of(ProtocolVersion.V2025_03_26, ProtocolVersion.V2025_06_18, ProtocolVersion.V2025_11_25);

  private static final ProtocolVersion NEWEST = ProtocolVersion.V2025_11_25;

  private final String target;
  private final String gatewayVersion;
  private final ClientCapabilities capabilities;

  /// @param capabilities what the clients can do that the upstream serves
  public Handshake(String target, String gatewayVersion, ClientCapabilities capabilities) {
    this.target = target;
    this.gatewayVersion = gatewayVersion;
    this.capabilities = capabilities;
  }

  public UpstreamCall initialize(Duration timeout) {
    return new UpstreamCall(
        "initialize",
        RawJson.of(
            """
            {"protocolVersion":%s,"capabilities":%s,\
            "clientInfo":{"name":"reflow-gateway","version":%s}}\
            """
                .formatted(
                    JsonText.quote(NEWEST.wireName()),
                    capabilities.json(NEWEST),
                    JsonText.quote(gatewayVersion))),
        OptionalLong.empty(),
        timeout,
        timeout);
  }

  /// The notification that ends the handshake.
  public static byte[] initialized() {
    return Envelope.notification("notifications/initialized", RawJson.EMPTY_OBJECT);
  }

  /// What the target's answer says of it.
  ///
  /// @param accepted the revisions that the transport can be used with
  public ServerFacts read(Answer answer, Set<ProtocolVersion> accepted) {
    return switch (answer) {
      case Answer.Failure _ -> throw failed("refused to initialize");
      case Answer.Result(var result, var _) -> {
        try {
          yield facts(MessageReader.readObject(result), accepted);
        } catch (MalformedMessage e) {
          throw failed("answered initialize with garbage: " + e.why());
        }
      }
    };
  }

  private ServerFacts facts(JsonObject result, Set<ProtocolVersion> accepted)
      throws MalformedMessage {
    String version =
        result
            .text("protocolVersion")
            .orElseThrow(() -> failed("named no protocol version at initialize"));
    ProtocolVersion known =
        ProtocolVersion.find(version)
            .filter(accepted::contains)
            .orElseThrow(() -> failed("speaks a protocol version that the gateway does not"));
    RawJson capabilities = result.value("capabilities").orElse(RawJson.EMPTY_OBJECT);
    return new ServerFacts(
        known,
        capabilities,
        result.value("serverInfo").orElse(RawJson.EMPTY_OBJECT),
        result.text("instructions"),
        Offers.of(capabilities));
  }

  private UpstreamFailed failed(String what) {
    return new UpstreamFailed(target, what);
  }
}
