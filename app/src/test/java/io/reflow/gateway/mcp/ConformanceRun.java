package io.reflow.gateway.mcp;

import io.reflow.gateway.mcp.ConformanceGateway.Behind;
import io.reflow.gateway.testing.ConformanceSuite;
import io.reflow.gateway.testing.ConformanceSuite.Outcome;
import java.util.Locale;
import java.util.Optional;

/// Runs one cell of the conformance matrix by hand and tells what fails, with the details.
///
/// Arguments: what stands behind the gateway (`auto`, `modern`, `legacy`, `two`, `stdio`), the
/// revision, and a single scenario if not all are wanted.
final class ConformanceRun {

  private ConformanceRun() {}

  public static void main(String... arguments) throws InterruptedException {
    ConformanceSuite suite = ConformanceSuite.install();
    Behind behind = Behind.valueOf(arguments[0].toUpperCase(Locale.ROOT));
    try (var gateway = ConformanceGateway.before(suite, behind)) {
      Outcome outcome =
          arguments.length > 2
              ? suite.scenario(gateway.url(), arguments[1], arguments[2])
              : suite.server(gateway.url(), arguments[1], Optional.empty());
      outcome.faults().forEach(fault -> System.out.println(fault + "\n    " + fault.details()));
      System.out.println(outcome.output().replaceFirst("(?s)^.*=== SUMMARY ===", ""));
      System.out.println(outcome.figures() + ", exit " + outcome.exit());
    }
  }
}
