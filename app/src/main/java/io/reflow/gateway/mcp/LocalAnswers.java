package io.reflow.gateway.mcp;

import io.reflow.gateway.catalog.KnownServers;
import io.reflow.gateway.config.McpConfig;
import io.reflow.gateway.fault.GatewayException.InvalidParams;
import io.reflow.gateway.fault.GatewayException.MethodNotFound;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.LogLevel;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.Session;
import io.reflow.gateway.session.Sessions;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.upstream.ServerFacts.Capability;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// What the gateway answers itself: the handshake, pings, levels, and the notifications of clients.
/// Nothing here waits for a target.
final class LocalAnswers {

  private static final int MAX_INSTRUCTIONS = 32 * 1024;
  private static final int MAX_INSTRUCTIONS_OF_ONE = 8 * 1024;

  /// What a target that was never connected counts as: better an empty list than a missing one.
  private static final Set<Capability> ASSUMED =
      EnumSet.of(
          Capability.TOOLS,
          Capability.PROMPTS,
          Capability.RESOURCES,
          Capability.COMPLETIONS,
          Capability.LOGGING);

  private final Sessions sessions;
  private final Visibility visibility;
  private final KnownServers servers;
  private final McpConfig config;
  private final WarmUp warmUp;
  private final String version;

  LocalAnswers(
      Sessions sessions,
      Visibility visibility,
      KnownServers servers,
      McpConfig config,
      WarmUp warmUp,
      String version) {
    this.sessions = sessions;
    this.visibility = visibility;
    this.servers = servers;
    this.config = config;
    this.warmUp = warmUp;
    this.version = version;
  }

  Reply answer(Call.InSession call) {
    if (call.message().isEmpty()) {
      sessions.end(call.session());
      return new Reply.Closed();
    }
    return switch (call.message().get()) {
      case Message.Request request -> answer(call, request);
      case Message.Notification notification -> {
        take(call.session(), notification);
        yield new Reply.Accepted();
      }
      // The gateway has asked this client nothing, so there is nothing these could answer.
      case Message.Result _, Message.Failure _ -> new Reply.Accepted();
    };
  }

  private Reply answer(Call.InSession call, Message.Request request) {
    return switch (request.method()) {
      case "initialize" -> initialize(call, request);
      case "ping" -> Replies.result(request.id(), RawJson.EMPTY_OBJECT);
      case "logging/setLevel" -> {
        setLevel(call.session(), request.params());
        yield Replies.result(request.id(), RawJson.EMPTY_OBJECT);
      }
      default -> throw new MethodNotFound("Method not found: " + Refusals.quoted(request.method()));
    };
  }

  private static void take(Session session, Message.Notification notification) {
    if (notification.method().equals("notifications/cancelled")) {
      notification.params().value("requestId").ifPresent(session::cancel);
    }
  }

  private static void setLevel(Session session, JsonObject params) {
    String level =
        params.text("level").orElseThrow(() -> new InvalidParams("params.level must be a string"));
    session.logLevel(
        LogLevel.find(level)
            .orElseThrow(() ->
                new InvalidParams("unknown log level '%s'".formatted(Refusals.quoted(level)))));
  }

  private Reply initialize(Call.InSession call, Message.Request request) {
    Session session = call.session();
    List<Target> visible =
        visibility.enabled(session.target()).stream()
            .filter(target -> visibility.sees(call.caller(), target))
            .toList();
    warmUp.start(call);
    String result =
        "{\"protocolVersion\":%s,\"capabilities\":%s,\"serverInfo\":%s%s}"
            .formatted(
                JsonText.quote(session.version().wireName()),
                capabilities(visible),
                serverInfo(session.version()),
                instructions(call.caller(), visible)
                    .map(text -> ",\"instructions\":" + JsonText.quote(text))
                    .orElse(""));
    return Replies.opened(request.id(), RawJson.of(result), session.id());
  }

  private String serverInfo(ProtocolVersion spoken) {
    String title =
        spoken.compareTo(ProtocolVersion.V2025_06_18) >= 0 ? ",\"title\":\"Reflow Gateway\"" : "";
    return "{\"name\":\"reflow-gateway\"%s,\"version\":%s}"
        .formatted(title, JsonText.quote(version));
  }

  private String capabilities(List<Target> visible) {
    Set<Capability> offered = EnumSet.noneOf(Capability.class);
    for (Target target : visible) {
      offered.addAll(servers.offers(target.id()).orElse(ASSUMED));
    }
    List<String> members = new ArrayList<>();
    addIf(members, offered, Capability.TOOLS, "tools");
    addIf(members, offered, Capability.PROMPTS, "prompts");
    addIf(members, offered, Capability.RESOURCES, "resources");
    addIf(members, offered, Capability.COMPLETIONS, "completions");
    addIf(members, offered, Capability.LOGGING, "logging");
    return "{" + String.join(",", members) + "}";
  }

  private static void addIf(
      List<String> members, Set<Capability> offered, Capability capability, String name) {
    if (offered.contains(capability)) {
      members.add("\"" + name + "\":{}");
    }
  }

  private Optional<String> instructions(Identity caller, List<Target> visible) {
    List<String> parts = new ArrayList<>();
    config.instructions().ifPresent(parts::add);
    for (Target target : visible) {
      if (!target.settings().instructions()) {
        continue;
      }
      servers
          .instructions(InstanceKey.of(target, caller))
          .ifPresent(text -> parts.add(visible.size() == 1 ? text : section(target, text)));
    }
    return parts.isEmpty()
        ? Optional.empty()
        : Optional.of(shortened(String.join("\n\n", parts), MAX_INSTRUCTIONS));
  }

  private static String section(Target target, String text) {
    return "## %s\n%s"
        .formatted(target.title().orElse(target.name()), shortened(text, MAX_INSTRUCTIONS_OF_ONE));
  }

  private static String shortened(String text, int length) {
    return text.length() <= length ? text : text.substring(0, length);
  }
}
