package io.reflow.gateway.http;

/// Answers one route.
@FunctionalInterface
public interface RestHandler<C> {

  void handle(Exchange<C> exchange) throws InterruptedException;
}
