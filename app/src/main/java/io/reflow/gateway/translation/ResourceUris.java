package io.reflow.gateway.translation;

import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.UriMode;
import java.util.Optional;

/// What clients call the resources of a target: by the target's own URIs, or wrapped, with the
/// target's name in front, where targets would get into each other's way otherwise.
public final class ResourceUris {

  private static final String SCHEME = "reflow://";
  private static final String UI = "ui://";

  static final ResourceUris OWN = new ResourceUris("");

  /// Empty: the URIs are the target's own.
  private final String slug;

  private ResourceUris(String slug) {
    this.slug = slug;
  }

  public static ResourceUris of(Target target) {
    return target.settings().uriMode() == UriMode.WRAP ? new ResourceUris(target.name()) : OWN;
  }

  public boolean wraps() {
    return !slug.isEmpty();
  }

  /// What clients call a URI, or a URI template, of the target. Pages of apps keep their scheme,
  /// since hosts insist on it.
  public String exposed(String uri) {
    if (!wraps()) {
      return uri;
    }
    return uri.startsWith(UI)
        ? UI + slug + ".reflow/" + uri.substring(UI.length())
        : SCHEME + slug + "/" + uri;
  }

  /// What the target itself calls a URI that a client names; nothing where it can't be one of this
  /// target's.
  public Optional<String> own(String exposed) {
    if (!wraps()) {
      return Optional.of(exposed);
    }
    return behind(exposed, SCHEME + slug + "/")
        .or(() -> behind(exposed, UI + slug + ".reflow/").map(UI::concat));
  }

  private static Optional<String> behind(String text, String head) {
    return text.startsWith(head) && text.length() > head.length()
        ? Optional.of(text.substring(head.length()))
        : Optional.empty();
  }

  /// Whether a URI looks like one of this target's although it stands elsewhere.
  public boolean claims(String uri) {
    return wraps() && own(uri).isPresent();
  }

  /// Wraps what the definition of a tool says of its page: the one place in a list, besides the
  /// names of resources, that refers to a resource.
  public void exposePages(JsonObjectEdit edit, JsonObject tool) {
    if (wraps()) {
      Rewrite.member(edit, tool, "_meta", this::pages);
    }
  }

  private RawJson pages(RawJson meta) {
    RawJson nested = Rewrite.member(meta, "ui", ui -> Rewrite.member(ui, "resourceUri", this::uri));
    return Rewrite.member(nested, "ui/resourceUri", this::uri);
  }

  /// A JSON string that is a URI of the target.
  RawJson uri(RawJson uri) {
    return Rewrite.text(uri, this::exposed);
  }
}
