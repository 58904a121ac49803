package io.reflow.gateway.http;

import io.helidon.common.concurrency.limits.Limit;
import java.util.Optional;

/// The listener's limit of requests as one connection sees it. The server releases a permit when a
/// request is read and answered whole, and that is the moment the connection must know of.
final class ExchangeLimit implements Limit {

  private final Limit limit;
  private final WatchedConnection connection;

  ExchangeLimit(Limit limit, WatchedConnection connection) {
    this.limit = limit;
    this.connection = connection;
  }

  @Override
  public Outcome tryAcquireOutcome(boolean wait) {
    Outcome outcome = limit.tryAcquireOutcome(wait);
    return outcome instanceof Outcome.Accepted accepted
        ? Outcome.immediateAcceptance(
            outcome.originName(), outcome.algorithmType(), new Permit(accepted.token(), connection))
        : outcome;
  }

  @Override
  @SuppressWarnings("removal")
  public Optional<Token> tryAcquire() {
    return limit.tryAcquire().map(token -> new Permit(token, connection));
  }

  @Override
  @SuppressWarnings("removal")
  public Optional<Token> tryAcquire(boolean wait) {
    return limit.tryAcquire(wait).map(token -> new Permit(token, connection));
  }

  @Override
  public Limit copy() {
    return new ExchangeLimit(limit.copy(), connection);
  }

  @Override
  public String name() {
    return limit.name();
  }

  @Override
  public String type() {
    return limit.type();
  }

  private record Permit(Token token, WatchedConnection connection) implements Token {

    @Override
    public void success() {
      token.success();
      connection.completed();
    }

    @Override
    public void dropped() {
      token.dropped();
    }

    @Override
    public void ignore() {
      token.ignore();
    }
  }
}
