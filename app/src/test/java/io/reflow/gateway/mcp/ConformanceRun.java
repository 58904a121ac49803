package io.reflow.gateway.mcp;

import io.reflow.gateway.mcp.ConformanceGateway.Behind;
import io.reflow.gateway.testing.ConformanceSuite;
import io.reflow.gateway.testing.ConformanceSuite.Outcome;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Runs a part of what `ConformanceIT` does by hand and tells what fails, with the details.
///
/// Arguments: what stands behind the gateway (`auto`, `modern`, `legacy`, `two`, `stdio`), the
/// revision, and a single scenario if not all are wanted; or `client`, the revision, the scenario
/// and the era of the client (`legacy`, `modern`).
final class ConformanceRun {

  private ConformanceRun() {}

  public static void main(String... arguments) throws InterruptedException {
    Outcome outcome = run(ConformanceSuite.install(), List.of(arguments));
    outcome.faults().forEach(fault -> System.out.println(fault + "\n    " + fault.details()));
    System.out.println(outcome.output().replaceFirst("(?s)^.*=== SUMMARY ===", ""));
    System.out.println(outcome.figures() + ", exit " + outcome.exit());
  }

  private static Outcome run(ConformanceSuite suite, List<String> arguments)
      throws InterruptedException {
    String revision = arguments.get(1);
    if (arguments.getFirst().equals("client")) {
      try (var gateway = new ConformanceGateway()) {
        return gateway.play(suite, arguments.get(2), revision, arguments.get(3));
      }
    }
    Behind behind = Behind.valueOf(arguments.getFirst().toUpperCase(Locale.ROOT));
    try (var gateway = ConformanceGateway.before(suite, behind)) {
      return arguments.size() > 2
          ? suite.scenario(gateway.url(), revision, arguments.get(2))
          : suite.server(gateway.url(), revision, Optional.empty());
    }
  }
}
