package io.reflow.gateway.translation;

import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Content blocks for a client that may know fewer types of them than the target, under the URIs
/// that the client is to use.
final class ContentBlocks {

  private final boolean olderClient;
  private final ContentTypes known;
  private final ResourceUris uris;

  private ContentBlocks(
      ProtocolVersion client, ProtocolVersion target, ContentTypes known, ResourceUris uris) {
    this.olderClient =
        client.compareTo(ProtocolVersion.V2025_11_25) < 0 && client.compareTo(target) < 0;
    this.known = known;
    this.uris = uris;
  }

  /// Those of tool results and prompts.
  static ContentBlocks of(ProtocolVersion client, ProtocolVersion target, ResourceUris uris) {
    return new ContentBlocks(client, target, ContentTypes.of(client), uris);
  }

  /// Those of conversations with a model.
  static ContentBlocks ofSampling(ProtocolVersion client, ProtocolVersion target) {
    return new ContentBlocks(client, target, ContentTypes.ofSampling(client), ResourceUris.OWN);
  }

  /// Whether there can be anything to change in a payload that holds such blocks.
  boolean concern(RawJson payload) {
    return uris.wraps() || (olderClient && known.mayHoldOthers(payload));
  }

  RawJson all(RawJson blocks) {
    return Rewrite.each(blocks, this::one);
  }

  RawJson one(RawJson block) {
    return Rewrite.object(block)
        .flatMap(object -> object.text("type").map(type -> one(object, type)))
        .orElse(block);
  }

  private RawJson one(JsonObject block, String type) {
    RawJson exposed =
        switch (type) {
          case ContentTypes.RESOURCE -> Rewrite.member(block, "resource", this::resource);
          case ContentTypes.RESOURCE_LINK -> resource(block.raw());
          default -> block.raw();
        };
    if (!olderClient || known.knows(type)) {
      return exposed;
    }
    return switch (type) {
      case ContentTypes.RESOURCE_LINK -> text(block, linkText(block));
      case ContentTypes.AUDIO -> known.knows(ContentTypes.RESOURCE) ? embedded(block) : json(block);
      default -> json(block);
    };
  }

  /// Anything with a `uri` of the target's.
  private RawJson resource(RawJson object) {
    return uris.wraps() ? Rewrite.member(object, "uri", uris::uri) : object;
  }

  private String linkText(JsonObject link) {
    String uri = uris.exposed(link.text("uri").orElse(""));
    Optional<String> name = link.text("title").or(() -> link.text("name"));
    return name.map(label -> label + ": " + uri).orElse(uri);
  }

  private static RawJson json(JsonObject block) {
    return text(block, block.raw().toString());
  }

  private static RawJson text(JsonObject block, String text) {
    return block(block, ContentTypes.TEXT, "\"text\":" + JsonText.quote(text));
  }

  /// Sounds travel as files where clients know no sounds.
  private static RawJson embedded(JsonObject audio) {
    List<String> members = new ArrayList<>();
    members.add("\"uri\":\"urn:reflow:audio\"");
    audio.value("mimeType").ifPresent(type -> members.add("\"mimeType\":" + type));
    audio.value("data").ifPresent(data -> members.add("\"blob\":" + data));
    return block(audio, ContentTypes.RESOURCE, "\"resource\":{" + String.join(",", members) + "}");
  }

  /// A block of another type with what all types have in common.
  private static RawJson block(JsonObject original, String type, String content) {
    RawJson block = RawJson.of("{\"type\":\"" + type + "\"," + content + "}");
    JsonObjectEdit edit = new JsonObjectEdit(Rewrite.object(block).orElseThrow());
    original.value("annotations").ifPresent(value -> edit.set("annotations", value));
    original.value("_meta").ifPresent(value -> edit.set("_meta", value));
    return edit.apply();
  }
}
