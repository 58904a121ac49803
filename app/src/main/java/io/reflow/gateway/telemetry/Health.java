package io.reflow.gateway.telemetry;

import java.util.function.BooleanSupplier;

/// Whether the gateway can be given work, and why not.
public final class Health {

  /// What a check answers; `reason` is empty when all is well.
  public record Report(Status status, String reason) {}

  /// `DEGRADED` still takes work.
  public enum Status {
    OK,
    DEGRADED,
    UNAVAILABLE
  }

  private static final Report OK = new Report(Status.OK, "");

  private volatile boolean started;
  private volatile boolean draining;
  private volatile BooleanSupplier rulesTooOld = () -> false;
  private volatile BooleanSupplier databaseAway = () -> false;

  /// The rules are loaded, and the other replicas know where this one is: what clients begin here
  /// they can go on with elsewhere.
  public void started() {
    started = true;
  }

  /// The gateway is about to stop: no new work, please. There is no way back.
  public void drain() {
    draining = true;
  }

  /// How to find out whether the rules are older than `policy.max-staleness`; must answer at once.
  public void rulesTooOldWhen(BooleanSupplier check) {
    rulesTooOld = check;
  }

  /// How to find out whether the database is away; must answer at once, from what is known.
  public void databaseAwayWhen(BooleanSupplier check) {
    databaseAway = check;
  }

  /// Whether the database is away, as far as is known.
  public boolean databaseAway() {
    return databaseAway.getAsBoolean();
  }

  /// Whether the process works at all: to be restarted if not.
  public Report live() {
    return OK;
  }

  /// Whether to send clients here.
  public Report ready() {
    if (draining) {
      return new Report(Status.UNAVAILABLE, "the gateway is stopping");
    }
    if (!started) {
      return new Report(Status.UNAVAILABLE, "the gateway is starting");
    }
    if (rulesTooOld.getAsBoolean()) {
      return new Report(Status.UNAVAILABLE, "the rules are too old");
    }
    return databaseAway.getAsBoolean() ? new Report(Status.DEGRADED, "the database is away") : OK;
  }
}
