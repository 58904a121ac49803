package io.reflow.gateway.telemetry;

import io.helidon.logging.common.spi.LoggingProvider;

/// Tells Helidon that logging is taken care of: without it, it says on the standard error that it
/// found nobody.
public final class HelidonLogging implements LoggingProvider {

  @Override
  public void initialization() {}

  @Override
  public void runTime() {}
}
