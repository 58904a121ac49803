package io.reflow.gateway.catalog;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.protocol.JsonArray;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.target.TargetId;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// Which resources the tools and prompts of a target have spoken of to a user: such a resource is
/// in no list, but its target is known. A hint that may be forgotten, and grants nothing.
public final class SeenUris {

  private static final int MOST = 10_000;
  private static final int LONGEST_URI = 2048;

  /// A hint is not worth a long look at every result.
  private static final int LONGEST_RESULT = 16 * 1024;

  private static final byte[] RESOURCE = "\"resource".getBytes(US_ASCII);

  private final Map<Seen, Boolean> seen =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Seen, Boolean> eldest) {
          return size() > MOST;
        }
      };

  private record Seen(UserId user, TargetId target, String uri) {}

  /// Whether the target has spoken of that URI to the user.
  boolean has(UserId user, TargetId target, String uri) {
    synchronized (seen) {
      return seen.get(new Seen(user, target, uri)) != null;
    }
  }

  /// Notes what a result speaks of, as the target wrote it. Most do not speak of resources, which
  /// one run over the bytes tells.
  public void note(UserId user, TargetId target, String method, RawJson result) {
    boolean speaks = method.equals("tools/call") || method.equals("prompts/get");
    if (!speaks || result.length() > LONGEST_RESULT || !mentionsResource(result)) {
      return;
    }
    object(result)
        .ifPresent(members -> {
          members
              .value("content")
              .ifPresent(
                  blocks -> JsonArray.elements(blocks).forEach(one -> block(user, target, one)));
          members
              .value("messages")
              .ifPresent(messages ->
                  JsonArray.elements(messages).stream()
                      .flatMap(message -> object(message).stream())
                      .flatMap(message -> message.value("content").stream())
                      .forEach(one -> block(user, target, one)));
        });
  }

  private static boolean mentionsResource(RawJson result) {
    byte[] bytes = result.array();
    int last = result.to() - RESOURCE.length;
    for (int i = result.from(); i <= last; i++) {
      if (bytes[i] == '"'
          && bytes[i + 1] == 'r'
          && Arrays.equals(bytes, i, i + RESOURCE.length, RESOURCE, 0, RESOURCE.length)) {
        return true;
      }
    }
    return false;
  }

  private void block(UserId user, TargetId target, RawJson block) {
    Optional<JsonObject> members = object(block);
    Optional<JsonObject> embedded =
        members.flatMap(found -> found.value("resource")).flatMap(SeenUris::object);
    embedded
        .or(() -> members)
        .flatMap(found -> found.text("uri"))
        .filter(uri -> uri.length() <= LONGEST_URI)
        .ifPresent(uri -> add(new Seen(user, target, uri)));
  }

  private void add(Seen uri) {
    synchronized (seen) {
      seen.put(uri, true);
    }
  }

  private static Optional<JsonObject> object(RawJson value) {
    if (value.array()[value.from()] != '{') {
      return Optional.empty();
    }
    try {
      return Optional.of(MessageReader.readObject(value));
    } catch (MalformedMessage _) {
      return Optional.empty();
    }
  }
}
