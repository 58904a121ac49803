package io.reflow.gateway.catalog;

import io.reflow.gateway.instance.InstanceKey.Sharing;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.upstream.ServerFacts;
import java.util.stream.Collectors;

/// What a target said of itself to those who share one of its instances. The instructions of an
/// instance of one user may speak of that user: they are not in it.
///
/// @param scope names those who share the instance
public record Advert(TargetId target, String scope, ServerFacts said) {

  private static final String ONE_USER = "user";

  static Advert of(TargetId target, Sharing sharing, ServerFacts said) {
    return sharing instanceof Sharing.User
        ? new Advert(target, ONE_USER, said.withoutInstructions())
        : new Advert(target, scope(sharing), said);
  }

  /// No two of them are the same.
  static String scope(Sharing sharing) {
    return switch (sharing) {
      case Sharing.Groups(var names) ->
          names.stream().map(JsonText::quote).collect(Collectors.joining(",", "groups:", ""));
      case Sharing.Everyone _, Sharing.Role _, Sharing.User _ -> sharing.wireName();
    };
  }
}
