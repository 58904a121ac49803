package io.reflow.operator;

import io.reflow.operator.desired.ImageRules;
import io.reflow.operator.desired.Lifetimes;
import io.reflow.operator.desired.PodRules;
import io.reflow.operator.queue.Backoff;
import io.reflow.operator.reconcile.Controller;
import io.reflow.operator.reconcile.Limits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/// The operator's settings, each an environment variable; `operator/README.md` lists them.
///
/// @param namespace where the instances live, and nothing else
/// @param identity this replica's name in the election
public record OperatorConfig(
    String namespace,
    String identity,
    int port,
    PodRules rules,
    Limits limits,
    Controller.Pace pace) {

  /// Thrown at the start, with all that is wrong.
  public static final class Wrong extends RuntimeException {

    private static final long serialVersionUID = 1;

    Wrong(List<String> problems) {
      super(String.join("; ", problems));
    }
  }

  private static final String CLOSED =
      "10.0.0.0/8,100.64.0.0/10,127.0.0.0/8,169.254.0.0/16,172.16.0.0/12,192.168.0.0/16,"
          + "fc00::/7,fe80::/10";

  /// Reads the environment of the process, of which `HOSTNAME` is the pod's name.
  public static OperatorConfig of(Map<String, String> environment) {
    var values = new Values(environment);
    String namespace = values.needed("OPERATOR_NAMESPACE");
    String gateway = values.needed("OPERATOR_GATEWAY_NAMESPACE");
    String identity = values.needed("HOSTNAME");
    Map<String, String> labels =
        values.get(
            "OPERATOR_GATEWAY_LABELS", "app.kubernetes.io/name=reflow-gateway", Values::pairs);
    List<String> images = values.get("OPERATOR_ALLOWED_IMAGES", "", Values::list);
    Set<String> accounts =
        Set.copyOf(values.get("OPERATOR_ALLOWED_SERVICE_ACCOUNTS", "", Values::list));
    Set<String> runtimes =
        Set.copyOf(values.get("OPERATOR_ALLOWED_RUNTIME_CLASSES", "", Values::list));
    Map<String, String> requests =
        values.get("OPERATOR_REQUESTS", "cpu=50m,memory=128Mi", Values::pairs);
    Map<String, String> limits =
        values.get("OPERATOR_LIMITS", "cpu=1,memory=512Mi,ephemeral-storage=1Gi", Values::pairs);
    List<String> closed = values.get("OPERATOR_CLOSED_NETWORKS", CLOSED, Values::list);
    Duration idle = values.get("OPERATOR_IDLE_TTL", "30m", Lifetimes::parse);
    Duration lifetime = values.get("OPERATOR_MAX_LIFETIME", "24h", Lifetimes::parse);
    Duration start = values.get("OPERATOR_START_DEADLINE", "5m", Values::positive);
    int failures = values.get("OPERATOR_FAILURE_LIMIT", "5", Values::count);
    Duration pause = values.get("OPERATOR_FAILURE_PAUSE", "10s", Values::positive);
    Duration longest = values.get("OPERATOR_FAILURE_PAUSE_MAX", "5m", Values::positive);
    Duration afterwards = values.get("OPERATOR_GIVEN_UP_PAUSE", "10m", Values::positive);
    Duration stable = values.get("OPERATOR_STABLE_AFTER", "10m", Values::positive);
    int workers = values.get("OPERATOR_WORKERS", "8", Values::count);
    Duration sweep = values.get("OPERATOR_SWEEP", "5m", Values::positive);
    int port = values.get("OPERATOR_PORT", "8081", Values::port);
    values.check(labels.isEmpty(), "OPERATOR_GATEWAY_LABELS must name at least one label");
    values.check(
        longest.compareTo(pause) < 0,
        "OPERATOR_FAILURE_PAUSE_MAX must not be shorter than OPERATOR_FAILURE_PAUSE");
    values.finish();
    return new OperatorConfig(
        namespace,
        identity,
        port,
        new PodRules(
            new ImageRules(images),
            accounts,
            runtimes,
            requests,
            limits,
            gateway,
            labels,
            closed,
            idle,
            lifetime),
        new Limits(start, failures, new Backoff(pause, longest), afterwards, stable),
        new Controller.Pace(
            workers,
            new Backoff(Duration.ofMillis(200), Duration.ofMinutes(1)),
            sweep,
            Duration.ofSeconds(10)));
  }

  /// Collects what is wrong, so that all of it is told at once.
  private static final class Values {

    private final Map<String, String> environment;
    private final List<String> problems = new ArrayList<>();

    Values(Map<String, String> environment) {
      this.environment = environment;
    }

    String needed(String name) {
      String value = environment.getOrDefault(name, "");
      check(value.isBlank(), name + " must be set");
      return value;
    }

    <T> T get(String name, String otherwise, Function<String, T> reader) {
      String value = environment.getOrDefault(name, "");
      try {
        return reader.apply(value.isBlank() ? otherwise : value);
      } catch (IllegalArgumentException e) {
        problems.add(name + ": " + e.getMessage());
        return reader.apply(otherwise);
      }
    }

    void check(boolean wrong, String problem) {
      if (wrong) {
        problems.add(problem);
      }
    }

    void finish() {
      if (!problems.isEmpty()) {
        throw new Wrong(problems);
      }
    }

    static List<String> list(String text) {
      return Arrays.stream(text.split(","))
          .map(String::strip)
          .filter(one -> !one.isEmpty())
          .toList();
    }

    static Map<String, String> pairs(String text) {
      return list(text).stream()
          .map(pair -> pair.split("=", 2))
          .peek(pair -> {
            if (pair.length < 2) {
              throw new IllegalArgumentException("write name=value,name=value");
            }
          })
          .collect(Collectors.toMap(pair -> pair[0].strip(), pair -> pair[1].strip()));
    }

    static int count(String text) {
      return between(text, 1, 1_000);
    }

    static int port(String text) {
      return between(text, 0, 65535);
    }

    static Duration positive(String text) {
      Duration duration = Lifetimes.parse(text);
      if (duration.isZero()) {
        throw new IllegalArgumentException("must be longer than nothing");
      }
      return duration;
    }

    private static int between(String text, int least, int most) {
      int number = text.matches("\\d{1,6}") ? Integer.parseInt(text) : -1;
      if (number < least || number > most) {
        throw new IllegalArgumentException(
            "'%s' is no number from %d to %d".formatted(text, least, most));
      }
      return number;
    }
  }
}
