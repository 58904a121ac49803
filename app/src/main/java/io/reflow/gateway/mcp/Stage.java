package io.reflow.gateway.mcp;

/// One step of a message's way through the gateway. What a step has established is in the type that
/// it hands on, so the compiler keeps the steps in order.
@FunctionalInterface
interface Stage<I, O> {

  O apply(I input) throws InterruptedException;

  default <P> Stage<I, P> then(Stage<? super O, ? extends P> next) {
    return input -> next.apply(apply(input));
  }
}
