package io.reflow.gateway.catalog;

import io.reflow.gateway.policy.Feature;
import io.reflow.gateway.upstream.Listener;
import io.reflow.gateway.upstream.ServerFacts.Capability;
import java.util.Arrays;
import java.util.Optional;

/// The four lists of a target: how they are asked for and what names an entry.
public enum ListKind {
  TOOLS("tools/list", "tools", "name", Feature.Kind.TOOL, Capability.TOOLS),
  PROMPTS("prompts/list", "prompts", "name", Feature.Kind.PROMPT, Capability.PROMPTS),
  RESOURCES("resources/list", "resources", "uri", Feature.Kind.RESOURCE, Capability.RESOURCES),
  TEMPLATES(
      "resources/templates/list",
      "resourceTemplates",
      "uriTemplate",
      Feature.Kind.RESOURCE,
      Capability.RESOURCES);

  private final String method;
  private final String member;
  private final String key;
  private final Feature.Kind feature;
  private final Capability capability;

  ListKind(String method, String member, String key, Feature.Kind feature, Capability capability) {
    this.method = method;
    this.member = member;
    this.key = key;
    this.feature = feature;
    this.capability = capability;
  }

  /// The list that a method asks for.
  public static Optional<ListKind> ofMethod(String method) {
    return Arrays.stream(values()).filter(kind -> kind.method.equals(method)).findFirst();
  }

  public String method() {
    return method;
  }

  /// The member of the result that holds the entries.
  String member() {
    return member;
  }

  /// The member of an entry that names it.
  String key() {
    return key;
  }

  /// What policies call an entry.
  public Feature.Kind feature() {
    return feature;
  }

  /// What a target must offer to have this list.
  public Capability capability() {
    return capability;
  }

  /// True for the lists whose entries are called by name, so that the name carries a prefix.
  boolean named() {
    return this == TOOLS || this == PROMPTS;
  }

  /// Whether a target that says "this list has changed" means this one.
  boolean changesWith(Listener.ListKind changed) {
    return switch (changed) {
      case TOOLS -> this == TOOLS;
      case PROMPTS -> this == PROMPTS;
      case RESOURCES -> this == RESOURCES || this == TEMPLATES;
    };
  }

  Capability announced() {
    return switch (this) {
      case TOOLS -> Capability.TOOLS_LIST_CHANGED;
      case PROMPTS -> Capability.PROMPTS_LIST_CHANGED;
      case RESOURCES, TEMPLATES -> Capability.RESOURCES_LIST_CHANGED;
    };
  }
}
