package io.reflow.gateway.upstream;

import io.reflow.gateway.protocol.RawJson;

/// What an upstream may want from the caller while it works on a call. Methods are called by the
/// upstream's reader thread: they must not block for long.
public interface Caller {

  /// The `params` of a `notifications/progress` for this call, still with the upstream's token.
  void progress(RawJson params);

  /// The `params` of a `notifications/message` that belongs to this call.
  void log(RawJson params);

  /// A caller that wants to hear nothing: for the gateway's own calls.
  Caller SILENT =
      new Caller() {
        @Override
        public void progress(RawJson params) {}

        @Override
        public void log(RawJson params) {}
      };
}
