package io.reflow.gateway.mcp;

import io.reflow.gateway.catalog.KnownServers;
import io.reflow.gateway.catalog.Names;
import io.reflow.gateway.config.McpConfig;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.upstream.Listener.ListKind;
import io.reflow.gateway.upstream.ServerFacts.Capability;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// What the gateway says of itself and of the targets behind it, before anything is asked of them.
final class Introduction {

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

  /// Rules may change at any time, and lists with them.
  private static final String CHANGES = "{\"listChanged\":true}";

  private final Visibility visibility;
  private final KnownServers servers;
  private final Extensions extensions;
  private final Names names;
  private final McpConfig config;
  private final String version;

  Introduction(
      Visibility visibility,
      KnownServers servers,
      Extensions extensions,
      Names names,
      McpConfig config,
      String version) {
    this.visibility = visibility;
    this.servers = servers;
    this.extensions = extensions;
    this.names = names;
    this.config = config;
    this.version = version;
  }

  /// The gateway's `serverInfo` as clients of a revision know it.
  String serverInfo(ProtocolVersion spoken) {
    String title =
        spoken.compareTo(ProtocolVersion.V2025_06_18) >= 0 ? ",\"title\":\"Reflow Gateway\"" : "";
    return "{\"name\":\"reflow-gateway\"%s,\"version\":%s}"
        .formatted(title, JsonText.quote(version));
  }

  /// The targets that a caller sees on its path.
  List<Target> visible(Call.InSession call) {
    return visibility.enabled(call.session().target()).stream()
        .filter(target -> visibility.sees(call.caller(), target))
        .toList();
  }

  /// What these targets offer together, as the gateway's `capabilities`.
  String capabilities(List<Target> visible) {
    Set<Capability> offered = offered(visible);
    List<String> members = new ArrayList<>();
    String resources =
        offered.contains(Capability.RESOURCES_SUBSCRIBE)
            ? "{\"subscribe\":true,\"listChanged\":true}"
            : CHANGES;
    addIf(members, offered, Capability.TOOLS, "tools", CHANGES);
    addIf(members, offered, Capability.PROMPTS, "prompts", CHANGES);
    addIf(members, offered, Capability.RESOURCES, "resources", resources);
    addIf(members, offered, Capability.COMPLETIONS, "completions", "{}");
    addIf(members, offered, Capability.LOGGING, "logging", "{}");
    members.addAll(extensions.capabilities(visible));
    return "{" + String.join(",", members) + "}";
  }

  private Set<Capability> offered(List<Target> visible) {
    Set<Capability> offered = EnumSet.noneOf(Capability.class);
    for (Target target : visible) {
      offered.addAll(servers.offers(target.id()).orElse(ASSUMED));
    }
    return offered;
  }

  /// The lists whose changes clients can be told of.
  Set<ListKind> announced(List<Target> visible) {
    Set<Capability> offered = offered(visible);
    Set<ListKind> lists = EnumSet.noneOf(ListKind.class);
    for (ListKind kind : ListKind.values()) {
      Capability capability =
          switch (kind) {
            case TOOLS -> Capability.TOOLS;
            case PROMPTS -> Capability.PROMPTS;
            case RESOURCES -> Capability.RESOURCES;
          };
      if (offered.contains(capability)) {
        lists.add(kind);
      }
    }
    return lists;
  }

  private static void addIf(
      List<String> members,
      Set<Capability> offered,
      Capability capability,
      String name,
      String how) {
    if (offered.contains(capability)) {
      members.add("\"" + name + "\":" + how);
    }
  }

  /// What the admin and the targets tell models to know.
  Optional<String> instructions(Identity caller, List<Target> visible) {
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

  /// What a target says, under its name and with what its tools can be told by.
  private String section(Target target, String text) {
    String prefix = names.prefix(target, true);
    String prefixed = prefix.isEmpty() ? "" : " (tools prefixed \"" + prefix + "\")";
    return "## %s%s\n%s"
        .formatted(
            target.title().orElse(target.name()),
            prefixed,
            shortened(text, MAX_INSTRUCTIONS_OF_ONE));
  }

  private static String shortened(String text, int length) {
    return text.length() <= length ? text : text.substring(0, length);
  }
}
