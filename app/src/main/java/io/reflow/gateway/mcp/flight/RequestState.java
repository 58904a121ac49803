package io.reflow.gateway.mcp.flight;

import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.protocol.JsonArray;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.RawJson;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/// What a client has to bring along with its answers, without being able to read it: which call
/// they belong to. It counts for one user and one call with the same arguments, and not for long.
///
/// @param target by its id
/// @param digest stands for the name and the arguments of the call
/// @param round the answers belong to
/// @param cause what the call waits in
public record RequestState(
    Instant expires,
    UserId user,
    String target,
    String method,
    String digest,
    int round,
    Cause cause) {

  /// What a call waits in until its client comes back.
  public sealed interface Cause {

    /// A suspended call of this gateway.
    ///
    /// @param past with which the call can be made again when the replica is gone
    record Suspended(String replica, String flight, Optional<Past> past) implements Cause {}

    /// The target itself, under a name of its own: a JSON string, kept as it was written.
    record AtTarget(RawJson state) implements Cause {}

    /// The same, where it is too large to travel: by the row that holds the name.
    record Stored(UUID row) implements Cause {}

    /// The user: once through with the pages that the target has given these ids, the call is made
    /// again. The replica listens for that.
    record Pages(String replica, Set<String> ids) implements Cause {

      public Pages {
        ids = Set.copyOf(ids);
      }
    }
  }

  /// What was asked and answered until then.
  public sealed interface Past {

    /// All of it, as [History] writes it.
    record Told(RawJson history) implements Past {}

    /// The same, where it is too large to travel: by the row that holds it.
    record Kept(UUID row) implements Past {}
  }

  RawJson json() {
    String head =
        "{\"e\":%d,\"p\":\"%s\",\"t\":%s,\"m\":%s,\"d\":%s,\"n\":%d,"
            .formatted(
                expires.getEpochSecond(),
                user,
                JsonText.quote(target),
                JsonText.quote(method),
                JsonText.quote(digest),
                round);
    return RawJson.of(
        head
            + switch (cause) {
              case Cause.Suspended(var replica, var flight, var past) ->
                  "\"f\":%s%s}"
                      .formatted(
                          JsonText.quote(replica + "/" + flight),
                          past.map(RequestState::json).orElse(""));
              case Cause.AtTarget(var state) -> "\"u\":%s}".formatted(state);
              case Cause.Stored(var row) -> "\"r\":\"%s\"}".formatted(row);
              case Cause.Pages(var replica, var ids) ->
                  "\"h\":%s,\"x\":[%s]}"
                      .formatted(
                          JsonText.quote(replica),
                          ids.stream()
                              .sorted()
                              .map(JsonText::quote)
                              .collect(Collectors.joining(",")));
            });
  }

  private static String json(Past past) {
    return switch (past) {
      case Past.Told(var history) -> ",\"a\":" + history;
      case Past.Kept(var row) -> ",\"w\":\"%s\"".formatted(row);
    };
  }

  private static Optional<Past> past(JsonObject json) {
    Optional<Past> told = json.value("a").map(Past.Told::new);
    return told.isPresent() ? told : json.text("w").map(UUID::fromString).map(Past.Kept::new);
  }

  static RequestState read(JsonObject json) {
    return new RequestState(
        Instant.ofEpochSecond(Long.parseLong(member(json, "e").toString())),
        new UserId(UUID.fromString(text(json, "p"))),
        text(json, "t"),
        text(json, "m"),
        text(json, "d"),
        Integer.parseInt(member(json, "n").toString()),
        cause(json));
  }

  private static Cause cause(JsonObject json) {
    Optional<String> flight = json.text("f");
    if (flight.isPresent()) {
      int slash = flight.get().lastIndexOf('/');
      return new Cause.Suspended(
          flight.get().substring(0, slash), flight.get().substring(slash + 1), past(json));
    }
    Optional<String> row = json.text("r");
    if (row.isPresent()) {
      return new Cause.Stored(UUID.fromString(row.get()));
    }
    return json.find("x").isPresent()
        ? new Cause.Pages(json.text("h").orElse(""), ids(json))
        : new Cause.AtTarget(member(json, "u"));
  }

  /// None in a state of an earlier version.
  private static Set<String> ids(JsonObject json) {
    return json.value("x").stream()
        .flatMap(value -> JsonArray.elements(value).stream())
        .map(JsonText::read)
        .collect(Collectors.toSet());
  }

  private static String text(JsonObject json, String name) {
    return json.text(name).orElseThrow(() -> new IllegalArgumentException("no " + name));
  }

  private static RawJson member(JsonObject json, String name) {
    return json.value(name).orElseThrow(() -> new IllegalArgumentException("no " + name));
  }
}
