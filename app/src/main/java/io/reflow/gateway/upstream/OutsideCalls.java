package io.reflow.gateway.upstream;

import io.reflow.gateway.fault.GatewayException.Unavailable;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.LogLevel;
import io.reflow.gateway.protocol.RawJson;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// Whoever is there to answer what a target asks outside of any call.
record OutsideCalls(Listener listener) implements Caller {

  /// Stands for the call that there is none of, to count its questions; never settled.
  static PendingCall of(String target, Listener listener) {
    var none =
        new UpstreamCall(
            "ping", RawJson.EMPTY_OBJECT, OptionalLong.empty(), Duration.ZERO, Duration.ZERO);
    return new PendingCall(target, none, new OutsideCalls(listener));
  }

  @Override
  public Map<String, InputRequest.Answer> ask(List<InputRequest> questions)
      throws InterruptedException {
    return listener
        .bystander()
        .orElseThrow(() -> new Unavailable("nobody is there to be asked", Duration.ZERO))
        .ask(questions);
  }

  @Override
  public ClientCapabilities capabilities() {
    return listener.bystander().map(Caller::capabilities).orElse(ClientCapabilities.NONE);
  }

  @Override
  public Optional<LogLevel> logLevel() {
    return Optional.empty();
  }

  @Override
  public boolean takesInputRequired() {
    return false;
  }

  @Override
  public void progress(RawJson params) {}

  @Override
  public void log(RawJson params) {}
}
