package io.reflow.gateway.upstream;

import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.ServerFacts.Capability;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/// Makes of a target's `capabilities` what the gateway acts on. They are the same in both eras.
public final class Offers {

  private Offers() {}

  public static Set<Capability> of(RawJson capabilities) throws MalformedMessage {
    Set<Capability> offers = EnumSet.noneOf(Capability.class);
    for (JsonObject.Member member : MessageReader.readObject(capabilities).members()) {
      if (isObject(member.value())) {
        JsonObject details = MessageReader.readObject(member.value());
        offer(member.name()).ifPresent(offers::add);
        changes(member.name())
            .filter(_ -> isTrue(details.value("listChanged")))
            .ifPresent(offers::add);
        if (member.name().equals("resources") && isTrue(details.value("subscribe"))) {
          offers.add(Capability.RESOURCES_SUBSCRIBE);
        }
      }
    }
    return offers;
  }

  private static Optional<Capability> offer(String name) {
    return switch (name) {
      case "tools" -> Optional.of(Capability.TOOLS);
      case "prompts" -> Optional.of(Capability.PROMPTS);
      case "resources" -> Optional.of(Capability.RESOURCES);
      case "completions" -> Optional.of(Capability.COMPLETIONS);
      case "logging" -> Optional.of(Capability.LOGGING);
      default -> Optional.empty();
    };
  }

  private static Optional<Capability> changes(String name) {
    return switch (name) {
      case "tools" -> Optional.of(Capability.TOOLS_LIST_CHANGED);
      case "prompts" -> Optional.of(Capability.PROMPTS_LIST_CHANGED);
      case "resources" -> Optional.of(Capability.RESOURCES_LIST_CHANGED);
      default -> Optional.empty();
    };
  }

  private static boolean isObject(RawJson value) {
    return value.array()[value.from()] == '{';
  }

  private static boolean isTrue(Optional<RawJson> value) {
    return value.isPresent() && value.get().array()[value.get().from()] == 't';
  }
}
