package io.reflow.gateway.translation;

import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;

/// What a target asks of a client, as the client's revision knows it, and the client's answer, as
/// the target's does.
public final class InputRequests {

  private final boolean oneBlockForClient;
  private final boolean oneBlockForTarget;
  private final boolean plainForms;
  private final ContentBlocks blocks;

  InputRequests(ProtocolVersion client, ProtocolVersion target) {
    boolean clientBefore = client.compareTo(ProtocolVersion.V2025_11_25) < 0;
    boolean targetBefore = target.compareTo(ProtocolVersion.V2025_11_25) < 0;
    this.oneBlockForClient = clientBefore && !targetBefore;
    this.oneBlockForTarget = targetBefore && !clientBefore;
    this.plainForms = clientBefore && !targetBefore;
    this.blocks = ContentBlocks.ofSampling(client, target);
  }

  /// The `params` of a request of this method, for the client.
  public RawJson question(String method, JsonObject params) {
    return switch (method) {
      case "sampling/createMessage" -> Rewrite.member(params, "messages", this::messages);
      case "elicitation/create" ->
          plainForms
              ? Rewrite.member(params, "requestedSchema", ElicitationForms::plain)
              : params.raw();
      default -> params.raw();
    };
  }

  /// The `result` of the client, for the target.
  ///
  /// @param params of the question as the target asked it
  public RawJson answer(String method, JsonObject params, RawJson result) {
    return switch (method) {
      case "sampling/createMessage" ->
          oneBlockForTarget
              ? Rewrite.member(result, "content", SamplingMessages::oneBlock)
              : result;
      case "elicitation/create" -> plainForms ? filledIn(params, result) : result;
      default -> result;
    };
  }

  private static RawJson filledIn(JsonObject params, RawJson result) {
    return params
        .value("requestedSchema")
        .map(schema ->
            Rewrite.member(
                result, "content", content -> ElicitationForms.answered(schema, content)))
        .orElse(result);
  }

  private RawJson messages(RawJson messages) {
    RawJson single = oneBlockForClient ? Rewrite.flat(messages, SamplingMessages::split) : messages;
    return blocks.concern(single)
        ? Rewrite.each(single, message -> Rewrite.member(message, "content", blocks::one))
        : single;
  }
}
