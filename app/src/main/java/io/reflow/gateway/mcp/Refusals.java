package io.reflow.gateway.mcp;

import io.reflow.gateway.fault.GatewayException;
import io.reflow.gateway.fault.GatewayException.InvalidParams;
import io.reflow.gateway.fault.GatewayException.ResourceNotFound;
import io.reflow.gateway.fault.GatewayException.Unavailable;
import io.reflow.gateway.mcp.Way.Wanted;
import java.time.Duration;

/// What a caller hears of something that does not exist, or is not to exist for them: there is no
/// difference.
final class Refusals {

  private static final int LONGEST = 2048;

  private Refusals() {}

  static GatewayException unknown(Wanted wanted) {
    return switch (wanted.kind()) {
      case TOOL -> new InvalidParams("Unknown tool: " + quoted(wanted.exposed()));
      case PROMPT, PROMPT_COMPLETION ->
          new InvalidParams("Unknown prompt: " + quoted(wanted.exposed()));
      case RESOURCE -> new ResourceNotFound(quoted(wanted.exposed()));
      case TEMPLATE_COMPLETION ->
          new InvalidParams("Unknown resource template: " + quoted(wanted.exposed()));
    };
  }

  /// Of a call without a session that was ended with all that its user had under way.
  static GatewayException ended() {
    return new Unavailable("the call was ended by the gateway", Duration.ofSeconds(1));
  }

  /// What the caller said, for an answer: no longer than anybody wants to read.
  static String quoted(String said) {
    return said.length() <= LONGEST ? said : said.substring(0, LONGEST) + "…";
  }
}
