package io.reflow.gateway.upstream;

import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.ServerFacts.Capability;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/// The `initialize` of the revisions that have sessions: what the gateway says and what it makes of
/// the target's answer. It declares no client capabilities, since an upstream may serve many.
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

  public Handshake(String target, String gatewayVersion) {
    this.target = target;
    this.gatewayVersion = gatewayVersion;
  }

  public UpstreamCall initialize(Duration timeout) {
    return new UpstreamCall(
        "initialize",
        RawJson.of(
            """
            {"protocolVersion":%s,"capabilities":{},\
            "clientInfo":{"name":"reflow-gateway","version":%s}}\
            """
                .formatted(JsonText.quote(NEWEST.wireName()), JsonText.quote(gatewayVersion))),
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
        offers(MessageReader.readObject(capabilities)));
  }

  private static Set<Capability> offers(JsonObject capabilities) throws MalformedMessage {
    Set<Capability> offers = EnumSet.noneOf(Capability.class);
    for (JsonObject.Member member : capabilities.members()) {
      if (isObject(member.value())) {
        JsonObject details = MessageReader.readObject(member.value());
        offer(member.name()).ifPresent(offers::add);
        changes(member.name())
            .filter(_ -> isTrue(details.value("listChanged")))
            .ifPresent(offers::add);
        if (member.name().equals("resources") && isTrue(details.value("subscribe"))) {
          offers.add(Capability.RESOURCES_SUBSCRIBE);
        }
      }
    }
    return offers;
  }

  private static Optional<Capability> offer(String name) {
    return switch (name) {
      case "tools" -> Optional.of(Capability.TOOLS);
      case "prompts" -> Optional.of(Capability.PROMPTS);
      case "resources" -> Optional.of(Capability.RESOURCES);
      case "completions" -> Optional.of(Capability.COMPLETIONS);
      case "logging" -> Optional.of(Capability.LOGGING);
      default -> Optional.empty();
    };
  }

  private static Optional<Capability> changes(String name) {
    return switch (name) {
      case "tools" -> Optional.of(Capability.TOOLS_LIST_CHANGED);
      case "prompts" -> Optional.of(Capability.PROMPTS_LIST_CHANGED);
      case "resources" -> Optional.of(Capability.RESOURCES_LIST_CHANGED);
      default -> Optional.empty();
    };
  }

  private static boolean isObject(RawJson value) {
    return value.array()[value.from()] == '{';
  }

  private static boolean isTrue(Optional<RawJson> value) {
    return value.isPresent() && value.get().array()[value.get().from()] == 't';
  }

  private UpstreamFailed failed(String what) {
    return new UpstreamFailed(target, what);
  }
}
