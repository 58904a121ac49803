package io.reflow.gateway.mcp;

import io.reflow.gateway.telemetry.ChildSpan;
import io.reflow.gateway.telemetry.Trace;

/// A span around a stage, while requests are traced.
final class Spanned<I extends Call, O> implements Stage<I, O> {

  private final String name;
  private final Stage<I, O> stage;

  Spanned(String name, Stage<I, O> stage) {
    this.name = name;
    this.stage = stage;
  }

  @Override
  public O apply(I call) throws InterruptedException {
    Trace trace = call.trail().trace();
    if (!trace.on()) {
      return stage.apply(call);
    }
    ChildSpan span = trace.begin();
    String error = "";
    try {
      return stage.apply(call);
    } catch (RuntimeException | InterruptedException e) {
      error = e.getClass().getSimpleName();
      throw e;
    } finally {
      span.end(name, error);
    }
  }
}
