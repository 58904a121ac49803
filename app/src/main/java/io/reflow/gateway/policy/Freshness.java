package io.reflow.gateway.policy;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/// Whether the rules in memory may still count: they were confirmed by the database not longer than
/// `maxStaleness` ago.
public record Freshness(Supplier<Instant> confirmedAt, InstantSource clock, Duration maxStaleness)
    implements BooleanSupplier {

  @Override
  public boolean getAsBoolean() {
    return !confirmedAt.get().isBefore(clock.instant().minus(maxStaleness));
  }
}
