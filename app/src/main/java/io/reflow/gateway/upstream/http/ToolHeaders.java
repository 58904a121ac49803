package io.reflow.gateway.upstream.http;

import io.reflow.gateway.protocol.HeaderParameters;
import io.reflow.gateway.protocol.JsonArray;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.UpstreamCall;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/// Which arguments of a target's tools are to be repeated in headers: learned from its lists of
/// tools as they pass.
final class ToolHeaders {

  private static final int MOST = 10_000;

  private final Map<String, HeaderParameters> byTool = new ConcurrentHashMap<>();

  /// Notes what a page of the list says.
  void learn(RawJson result) {
    try {
      Optional<RawJson> tools = MessageReader.readObject(result).value("tools");
      if (tools.isPresent()) {
        for (RawJson tool : JsonArray.elements(tools.get())) {
          learnTool(tool);
        }
      }
    } catch (MalformedMessage _) {
      // Whoever reads the list for its tools will find the same.
    }
  }

  private void learnTool(RawJson tool) throws MalformedMessage {
    if (tool.array()[tool.from()] != '{') {
      return;
    }
    Optional<String> name = MessageReader.readObject(tool).text("name");
    if (name.isPresent()) {
      HeaderParameters parameters = parameters(tool);
      if (parameters.all().isEmpty()) {
        byTool.remove(name.get());
      } else if (byTool.size() < MOST || byTool.containsKey(name.get())) {
        byTool.put(name.get(), parameters);
      }
    }
  }

  /// A tool that breaks the rules is not to be called.
  private static HeaderParameters parameters(RawJson tool) {
    try {
      return HeaderParameters.read(tool);
    } catch (MalformedMessage _) {
      return HeaderParameters.NONE;
    }
  }

  /// The headers that a call needs beside those that all have. What the client has sent for
  /// parameters that nobody here knows goes along.
  Map<String, String> of(UpstreamCall call) {
    HeaderParameters parameters =
        call.method().equals("tools/call") && !byTool.isEmpty()
            ? call.index().name().map(byTool::get).orElse(null)
            : null;
    if (parameters == null) {
      return call.headers();
    }
    try {
      Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
      headers.putAll(call.headers());
      parameters.all().forEach(parameter -> headers.remove(parameter.header()));
      JsonObject params = MessageReader.readObject(call.params());
      headers.putAll(parameters.headers(params.value("arguments")));
      return headers;
    } catch (MalformedMessage e) {
      throw new IllegalStateException("parameters that the gateway wrote can't be read", e);
    }
  }
}
