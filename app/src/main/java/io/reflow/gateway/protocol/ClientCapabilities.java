package io.reflow.gateway.protocol;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What a client says it can be asked for, as far as the gateway knows it. Two clients that can do
/// the same are equal, however they wrote it, so that targets see only a few kinds of clients.
///
/// @param elicitation questions by a form; what an empty `elicitation` means
/// @param elicitationUrl questions by sending the user to a page
/// @param ui the value of the extension `io.modelcontextprotocol/ui`
public record ClientCapabilities(
    boolean roots,
    boolean rootsListChanged,
    boolean sampling,
    boolean samplingTools,
    boolean samplingContext,
    boolean elicitation,
    boolean elicitationUrl,
    Optional<RawJson> ui) {

  public static final ClientCapabilities NONE =
      new ClientCapabilities(false, false, false, false, false, false, false, Optional.empty());

  /// All there is; but nobody can say when the roots of all have changed.
  public static final ClientCapabilities ALL =
      new ClientCapabilities(
          true,
          false,
          true,
          true,
          true,
          true,
          true,
          Optional.of(RawJson.of("{\"mimeTypes\":[\"text/html;profile=mcp-app\"]}")));

  private static final String UI = "io.modelcontextprotocol/ui";

  /// Reads a `capabilities` object; what is of the wrong type counts as absent.
  ///
  /// @throws MalformedMessage when the text has the same member twice
  public static ClientCapabilities read(RawJson capabilities) throws MalformedMessage {
    JsonObject all = object(Optional.of(capabilities));
    JsonObject roots = object(all.value("roots"));
    JsonObject sampling = object(all.value("sampling"));
    JsonObject elicitation = object(all.value("elicitation"));
    boolean asksByUrl = isObject(elicitation.value("url"));
    return new ClientCapabilities(
        isObject(all.value("roots")),
        roots.value("listChanged").filter(value -> value.toString().equals("true")).isPresent(),
        isObject(all.value("sampling")),
        isObject(sampling.value("tools")),
        isObject(sampling.value("context")),
        isObject(all.value("elicitation")) && (isObject(elicitation.value("form")) || !asksByUrl),
        asksByUrl,
        object(all.value("extensions")).value(UI).filter(value -> isObject(Optional.of(value))));
  }

  /// They are part of the names by which each call finds what belongs to it, and mostly the same
  /// object.
  @Override
  public boolean equals(@Nullable Object other) {
    return this == other
        || (other instanceof ClientCapabilities that
            && flags() == that.flags()
            && ui.equals(that.ui));
  }

  @Override
  public int hashCode() {
    return 31 * flags() + ui.hashCode();
  }

  private int flags() {
    int flags = 0;
    for (boolean flag :
        new boolean[] {
          roots,
          rootsListChanged,
          sampling,
          samplingTools,
          samplingContext,
          elicitation,
          elicitationUrl
        }) {
      flags = flags << 1 | (flag ? 1 : 0);
    }
    return flags;
  }

  /// Whether a client of these can do all that is needed; `ui` counts, whatever its value is.
  public boolean covers(ClientCapabilities needed) {
    return (roots || !needed.roots)
        && (sampling || !needed.sampling)
        && (samplingTools || !needed.samplingTools)
        && (samplingContext || !needed.samplingContext)
        && (elicitation || !needed.elicitation)
        && (elicitationUrl || !needed.elicitationUrl)
        && (ui.isPresent() || needed.ui.isEmpty());
  }

  /// The same, but that it does not tell by itself when its roots have changed.
  public ClientCapabilities withoutAnnouncements() {
    return rootsListChanged
        ? new ClientCapabilities(
            roots, false, sampling, samplingTools, samplingContext, elicitation, elicitationUrl, ui)
        : this;
  }

  /// No more than these kinds.
  public ClientCapabilities limitedTo(Kinds kinds) {
    return new ClientCapabilities(
        roots && kinds.roots,
        rootsListChanged && kinds.roots,
        sampling && kinds.sampling,
        samplingTools && kinds.sampling,
        samplingContext && kinds.sampling,
        elicitation && kinds.elicitation,
        elicitationUrl && kinds.elicitation,
        ui.filter(_ -> kinds.ui));
  }

  /// What a client may be used for.
  public record Kinds(boolean roots, boolean sampling, boolean elicitation, boolean ui) {}

  private static JsonObject object(Optional<RawJson> value) throws MalformedMessage {
    return isObject(value) ? MessageReader.readObject(value.get()) : JsonObject.EMPTY;
  }

  private static boolean isObject(Optional<RawJson> value) {
    return value.filter(json -> json.array()[json.from()] == '{').isPresent();
  }

  /// As a client of `version` declares them: what that revision does not know is left out.
  public RawJson json(ProtocolVersion version) {
    boolean newest = version.compareTo(ProtocolVersion.V2025_11_25) >= 0;
    List<String> members = new ArrayList<>();
    if (roots) {
      boolean announces = rootsListChanged && !version.stateless();
      members.add("\"roots\":" + (announces ? "{\"listChanged\":true}" : "{}"));
    }
    if (sampling) {
      members.add("\"sampling\":" + samplingJson(newest));
    }
    if (version.compareTo(ProtocolVersion.V2025_06_18) >= 0 && asksUsers(newest)) {
      members.add("\"elicitation\":" + elicitationJson(newest));
    }
    ui.ifPresent(value -> members.add("\"extensions\":{\"" + UI + "\":" + value + "}"));
    return RawJson.of("{" + String.join(",", members) + "}");
  }

  private boolean asksUsers(boolean newest) {
    return elicitation || (elicitationUrl && newest);
  }

  private String samplingJson(boolean newest) {
    List<String> members = new ArrayList<>();
    if (samplingContext && newest) {
      members.add("\"context\":{}");
    }
    if (samplingTools && newest) {
      members.add("\"tools\":{}");
    }
    return "{" + String.join(",", members) + "}";
  }

  private String elicitationJson(boolean newest) {
    List<String> members = new ArrayList<>();
    if (elicitation && elicitationUrl) {
      members.add("\"form\":{}");
    }
    if (elicitationUrl && newest) {
      members.add("\"url\":{}");
    }
    return newest ? "{" + String.join(",", members) + "}" : "{}";
  }

  /// Whether a client that can do this may be asked that.
  ///
  /// @param method of the question, `sampling/createMessage` for one
  public boolean allow(String method, JsonObject params) {
    return switch (method) {
      case "elicitation/create" ->
          params.text("mode").filter("url"::equals).isPresent() ? elicitationUrl : elicitation;
      case "sampling/createMessage" -> {
        boolean withTools =
            params.find("tools").isPresent() || params.find("toolChoice").isPresent();
        yield sampling && (samplingTools || !withTools);
      }
      case "roots/list" -> roots;
      default -> false;
    };
  }
}
