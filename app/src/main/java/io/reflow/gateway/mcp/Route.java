package io.reflow.gateway.mcp;

import io.reflow.gateway.catalog.ListKind;
import io.reflow.gateway.catalog.Names;
import io.reflow.gateway.fault.GatewayException.InvalidParams;
import io.reflow.gateway.mcp.Call.Candidate;
import io.reflow.gateway.mcp.Way.Wanted;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.translation.ResourceUris;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Tells by the method where a message goes: it is answered here, by one target, or by all that the
/// caller may see. What is not in this list goes nowhere.
final class Route implements Stage<Call.InSession, Call.Routed> {

  private final Visibility visibility;
  private final Names names;
  private final Extensions extensions;
  private final boolean bareAppTools;

  /// @param bareAppTools whether pages may call the tools of their target without its prefix
  Route(Visibility visibility, Names names, Extensions extensions, boolean bareAppTools) {
    this.visibility = visibility;
    this.names = names;
    this.extensions = extensions;
    this.bareAppTools = bareAppTools;
  }

  @Override
  public Call.Routed apply(Call.InSession call) {
    Way<Candidate> way =
        call.message().orElse(null) instanceof Message.Request request
            ? way(call, request)
            : new Way.Local<>();
    return new Call.Routed(call, way);
  }

  private Way<Candidate> way(Call.InSession call, Message.Request request) {
    JsonObject params = request.params();
    return switch (request.method()) {
      case "tools/call" -> named(call, new Wanted(Wanted.Kind.TOOL, required(params, "name")));
      case "prompts/get" -> named(call, new Wanted(Wanted.Kind.PROMPT, required(params, "name")));
      case "resources/read", "resources/subscribe" ->
          everywhere(call, new Wanted(Wanted.Kind.RESOURCE, required(params, "uri")));
      case "completion/complete" -> completion(call, params);
      default ->
          ListKind.ofMethod(request.method())
              .<Way<Candidate>>map(kind -> list(call, kind, params))
              .orElseGet(Way.Local::new);
    };
  }

  private Way<Candidate> list(Call.InSession call, ListKind kind, JsonObject params) {
    Optional<String> cursor = params.text("cursor");
    if (cursor.isEmpty() && params.find("cursor").isPresent()) {
      throw new InvalidParams("params.cursor must be a string");
    }
    List<Candidate> all =
        visibility.enabled(call.session().target()).stream()
            .map(target -> new Candidate(target, "", "", false))
            .toList();
    return new Way.Many<>(kind, cursor, all);
  }

  private Way<Candidate> completion(Call.InSession call, JsonObject params) {
    JsonObject ref = params.object("ref");
    return switch (required(ref, "type")) {
      case "ref/prompt" ->
          named(call, new Wanted(Wanted.Kind.PROMPT_COMPLETION, required(ref, "name")));
      case "ref/resource" ->
          everywhere(call, new Wanted(Wanted.Kind.TEMPLATE_COMPLETION, required(ref, "uri")));
      default -> throw new InvalidParams("params.ref.type must be ref/prompt or ref/resource");
    };
  }

  private static String required(JsonObject object, String name) {
    return object
        .text(name)
        .orElseThrow(() -> new InvalidParams("params: '%s' must be a string".formatted(name)));
  }

  /// A wrapped URI names its target; any other may belong to each target that does not wrap.
  private Way<Candidate> everywhere(Call.InSession call, Wanted wanted) {
    List<Target> targets = visibility.enabled(call.session().target());
    boolean claimed =
        targets.stream()
            .anyMatch(target ->
                ResourceUris.of(target).claims(wanted.exposed())
                    && visibility.sees(call.caller(), target));
    List<Candidate> all = new ArrayList<>(targets.size());
    for (Target target : targets) {
      ResourceUris uris = ResourceUris.of(target);
      if (uris.wraps() || !claimed) {
        uris.own(wanted.exposed()).ifPresent(own -> all.add(new Candidate(target, "", own, false)));
      }
    }
    return new Way.One<>(wanted, all);
  }

  private Way<Candidate> named(Call.InSession call, Wanted wanted) {
    List<Target> targets = visibility.enabled(call.session().target());
    if (call.session().target().isPresent()) {
      return new Way.One<>(
          wanted,
          targets.stream()
              .map(target -> new Candidate(target, "", wanted.exposed(), false))
              .toList());
    }
    boolean several = names.dependsOnVisibleTargets() && severalVisible(call, targets);
    List<Candidate> all = new ArrayList<>(2);
    names
        .candidates(
            targets, several, target -> visibility.sees(call.caller(), target), wanted.exposed())
        .forEach(meant ->
            all.add(new Candidate(meant.target(), meant.prefix(), meant.name(), meant.cut())));
    if (bareAppTools && wanted.kind() == Wanted.Kind.TOOL) {
      targets.stream()
          .filter(extensions::ui)
          .forEach(target -> all.add(new Candidate(target, "", wanted.exposed(), false, true)));
    }
    return new Way.One<>(wanted, all);
  }

  private boolean severalVisible(Call.InSession call, List<Target> targets) {
    return targets.stream()
            .filter(target -> visibility.sees(call.caller(), target))
            .limit(2)
            .count()
        > 1;
  }
}
