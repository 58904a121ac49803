package io.reflow.gateway.bench;

import java.time.Duration;

/// What came of asking for a while.
///
/// @param asked all calls, also those before and after the time that counts
/// @param cpu what the server that was asked has worked for them
/// @param databaseCpu what its database has worked meanwhile
record Sample(Duration taken, Latencies latencies, long asked, Duration cpu, Duration databaseCpu) {

  double perSecond() {
    return latencies.total() * 1e9 / taken.toNanos();
  }

  double cpuMicros() {
    return cpu.toNanos() / 1e3 / asked;
  }

  double databaseMicros() {
    return databaseCpu.toNanos() / 1e3 / asked;
  }

  double medianMillis() {
    return latencies.quantile(0.5).toNanos() / 1e6;
  }
}
