package io.reflow.gateway.upstream.http;

import java.util.concurrent.Flow;

/// Stands in until the client hands over the real subscription.
enum Unsubscribed implements Flow.Subscription {
  INSTANCE;

  @Override
  public void request(long count) {}

  @Override
  public void cancel() {}
}
