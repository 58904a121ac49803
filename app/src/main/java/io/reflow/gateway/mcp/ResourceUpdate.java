package io.reflow.gateway.mcp;

import io.reflow.gateway.protocol.JsonObjectEdit;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;

/// What a target says when a resource has changed, as a client hears it.
final class ResourceUpdate {

  /// What is larger is cut to what it has to hold: it may have to wait for its client.
  private static final int LARGEST = 16 << 10;

  private ResourceUpdate() {}

  /// @param uri as the client knows it
  static RawJson exposed(RawJson params, String uri) {
    RawJson text = JsonText.string(uri);
    RawJson bare = RawJson.of("{\"uri\":" + text + "}");
    if (params.length() > LARGEST) {
      return bare;
    }
    try {
      var edit = new JsonObjectEdit(MessageReader.readObject(params)).drop("_meta");
      return edit.set("uri", text).apply();
    } catch (MalformedMessage _) {
      return bare;
    }
  }
}
