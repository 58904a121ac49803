package io.reflow.gateway.translation;

import static java.util.Objects.requireNonNull;

import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Answer;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/// What changes in a payload between a client of one revision and a target of another. Where there
/// is nothing to change, which a few flags tell beforehand, the same bytes come back unread.
///
/// What says of a reply how it is to be taken (`resultType` and who answers) is put on by whoever
/// writes the reply; what a target said of that is taken off here where the client knows no such
/// thing.
public final class Translation {

  private static final String SERVER_INFO = "io.modelcontextprotocol/serverInfo";
  private static final String UPSTREAM = "com.reflow/upstream";

  /// By the revision of the client, then of the target.
  private static final Map<ProtocolVersion, Map<ProtocolVersion, Translation>> PLAIN = plain();

  private final boolean fromStateless;
  private final boolean toStateless;
  private final ResourceUris uris;
  private final Optional<RawJson> identity;
  private final ContentBlocks blocks;
  private final InputRequests inputs;
  private final Errors errors;

  private Translation(
      ProtocolVersion client,
      ProtocolVersion target,
      ResourceUris uris,
      Optional<RawJson> identity) {
    this.fromStateless = target.stateless() && !client.stateless();
    this.toStateless = client.stateless() && !target.stateless();
    this.uris = uris;
    this.identity = identity;
    this.blocks = ContentBlocks.of(client, target, uris);
    this.inputs = new InputRequests(client, target);
    this.errors = new Errors(client, target, uris);
  }

  /// The translation for a client and a target that speak these revisions.
  ///
  /// @param uris what the client calls the target's resources
  /// @param identity what clients are told of the target that answered, if they are
  public static Translation between(
      ProtocolVersion client,
      ProtocolVersion target,
      ResourceUris uris,
      Optional<RawJson> identity) {
    return uris.wraps() || identity.isPresent()
        ? new Translation(client, target, uris, identity)
        : plain(client, target);
  }

  private static Map<ProtocolVersion, Map<ProtocolVersion, Translation>> plain() {
    Map<ProtocolVersion, Map<ProtocolVersion, Translation>> all =
        new EnumMap<>(ProtocolVersion.class);
    for (ProtocolVersion client : ProtocolVersion.values()) {
      Map<ProtocolVersion, Translation> ofClient = new EnumMap<>(ProtocolVersion.class);
      for (ProtocolVersion target : ProtocolVersion.values()) {
        ofClient.put(target, new Translation(client, target, ResourceUris.OWN, Optional.empty()));
      }
      all.put(client, ofClient);
    }
    return all;
  }

  private static Translation plain(ProtocolVersion client, ProtocolVersion target) {
    return requireNonNull(requireNonNull(PLAIN.get(client)).get(target));
  }

  /// What the target asks of the client, and the client's answer to it.
  public InputRequests inputs() {
    return inputs;
  }

  /// What the target answered. What it says by an error of its revision may be a result in the
  /// client's.
  ///
  /// @throws MalformedMessage when the answer has to be read, and can't be in one way only
  public Answer answer(Asked asked, Answer answer) throws MalformedMessage {
    return switch (answer) {
      case Answer.Result(var result, var _) -> {
        RawJson translated = result(asked.method(), result);
        yield translated.isSameView(result) ? answer : new Answer.Result(translated);
      }
      case Answer.Failure(var error) -> errors.translated(asked, error);
    };
  }

  /// The `result` of a request of this method.
  ///
  /// @throws MalformedMessage when it has to be read, and can't be in one way only
  public RawJson result(String method, RawJson result) throws MalformedMessage {
    if (!concerns(method, result)) {
      return result;
    }
    JsonObject members = MessageReader.readObject(result);
    var edit = new JsonObjectEdit(members);
    switch (method) {
      case "tools/call" -> toolResult(edit, members);
      case "prompts/get" -> Rewrite.member(edit, members, "messages", this::messages);
      case "resources/read" -> contents(edit, members);
      default -> {}
    }
    if (fromStateless) {
      edit.drop("resultType");
    }
    meta(edit, members);
    return edit.apply();
  }

  private boolean concerns(String method, RawJson result) {
    return fromStateless
        || identity.isPresent()
        || switch (method) {
          case "tools/call" -> toStateless || blocks.concern(result);
          case "prompts/get" -> blocks.concern(result);
          case "resources/read" -> uris.wraps();
          default -> false;
        };
  }

  private void toolResult(JsonObjectEdit edit, JsonObject result) {
    boolean unfit = fromStateless && ToolResults.unfit(result);
    RawJson before = result.value("content").orElseGet(ToolResults::none);
    RawJson content = blocks.all(before);
    if (unfit) {
      content = ToolResults.spelledOut(content, result.value("structuredContent").orElseThrow());
      edit.drop("structuredContent");
    }
    boolean missing = toStateless && result.find("content").isEmpty();
    if (missing || !content.isSameView(before)) {
      edit.set("content", content);
    }
  }

  private RawJson messages(RawJson messages) {
    return Rewrite.each(messages, message -> Rewrite.member(message, "content", blocks::one));
  }

  private void contents(JsonObjectEdit edit, JsonObject result) {
    if (uris.wraps()) {
      Rewrite.member(edit, result, "contents", this::wrapped);
    }
    if (fromStateless) {
      edit.drop("ttlMs").drop("cacheScope");
    }
  }

  private RawJson wrapped(RawJson contents) {
    return Rewrite.each(contents, content -> Rewrite.member(content, "uri", uris::uri));
  }

  private void meta(JsonObjectEdit edit, JsonObject result) {
    JsonObject meta = Rewrite.object(result, "_meta").orElse(JsonObject.EMPTY);
    var change = new JsonObjectEdit(meta);
    if (fromStateless) {
      change.drop(SERVER_INFO);
    }
    identity.ifPresent(who -> change.set(UPSTREAM, who));
    if (!change.changesAnything()) {
      return;
    }
    if (identity.isEmpty() && meta.members().size() == 1) {
      edit.drop("_meta");
    } else {
      edit.set("_meta", change.apply());
    }
  }
}
