package io.reflow.gateway.target;

import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.target.Pod.Destination;
import io.reflow.gateway.target.Pod.Egress;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What the pods of a target must look like, so that the API server takes them. What passes here
/// may still be too much for the operator, which has lists of its own.
final class PodRules {

  private static final Pattern IMAGE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._:/@-]{0,511}");
  private static final Pattern PATH = Pattern.compile("/[!-~]{0,255}");
  private static final Pattern DNS_NAME = Pattern.compile("[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?");
  private static final Pattern AMOUNT =
      Pattern.compile("[0-9]{1,15}(\\.[0-9]{1,9})?([munkMGT]|[KMGT]i)?");
  private static final Pattern RESOURCE =
      Pattern.compile("(requests\\.)?(cpu|memory|ephemeral-storage)");
  private static final Pattern DESTINATION =
      Pattern.compile("([0-9a-fA-F.:]+)/([0-9]{1,3})(?::([0-9]{1,5}(?:,[0-9]{1,5})*))?");
  private static final Pattern TIME =
      Pattern.compile("(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,6})s)?");

  /// A use is told to the cluster once a minute: a shorter one would end what is in use.
  private static final Duration SHORTEST_IDLE = Duration.ofMinutes(3);

  private static final Duration SHORTEST_LIFE = Duration.ofMinutes(10);
  private static final int LONGEST_TIME = 24;
  private static final int MOST_WORDS_OF_COMMAND = 64;
  private static final int MOST_ARGUMENTS = 256;
  private static final int LONGEST_ARGUMENT = 32 * 1024;
  private static final int MOST_DESTINATIONS = 64;
  private static final int MOST_PORTS = 32;
  private static final String DEFAULT_PATH = "/mcp";

  private PodRules() {}

  /// @throws InvalidRequest naming the field
  static Pod check(PodJson pod) {
    Egress egress = egress(pod.egress());
    return new Pod(
        matching("image", required("image", pod.image()), IMAGE, "the name of a container image"),
        port("port", required("port", pod.port())),
        pod.path() == null ? DEFAULT_PATH : path("path", pod.path()),
        optional(pod.healthPath(), path -> path("health_path", path)),
        words("command", pod.command(), MOST_WORDS_OF_COMMAND),
        words("args", pod.args(), MOST_ARGUMENTS),
        resources(pod.resources()),
        egress,
        destinations(egress, pod.egressAllow()),
        optional(
            pod.serviceAccountName(),
            name -> matching("service_account_name", name, DNS_NAME, "a name in Kubernetes")),
        optional(
            pod.runtimeClassName(),
            name -> matching("runtime_class_name", name, DNS_NAME, "a name in Kubernetes")),
        optional(pod.idleTtl(), time -> time("idle_ttl", time, SHORTEST_IDLE)),
        optional(pod.maxLifetime(), time -> time("max_lifetime", time, SHORTEST_LIFE)));
  }

  /// The names and values of what is set.
  static Map<String, Object> given(PodJson pod) {
    Map<String, Object> given = new TreeMap<>();
    put(given, "image", pod.image());
    put(given, "port", pod.port());
    put(given, "path", pod.path());
    put(given, "health_path", pod.healthPath());
    put(given, "resources", pod.resources());
    put(given, "egress", pod.egress());
    put(given, "egress_allow", pod.egressAllow());
    put(given, "service_account_name", pod.serviceAccountName());
    put(given, "runtime_class_name", pod.runtimeClassName());
    put(given, "idle_ttl", pod.idleTtl());
    put(given, "max_lifetime", pod.maxLifetime());
    return given;
  }

  private static void put(Map<String, Object> given, String field, @Nullable Object value) {
    if (value != null) {
      given.put(field, value);
    }
  }

  private static <T> T required(String field, @Nullable T value) {
    if (value == null) {
      throw new InvalidRequest(field + " is missing");
    }
    return value;
  }

  private static Optional<String> optional(
      @Nullable String value, Function<String, String> checked) {
    return value == null || value.isEmpty() ? Optional.empty() : Optional.of(checked.apply(value));
  }

  private static String matching(String field, String value, Pattern pattern, String what) {
    if (!pattern.matcher(value).matches()) {
      throw new InvalidRequest("%s must be %s (%s)".formatted(field, what, pattern.pattern()));
    }
    return value;
  }

  private static int port(String field, int port) {
    if (port < 1 || port > 65_535) {
      throw new InvalidRequest(field + " must be between 1 and 65535");
    }
    return port;
  }

  private static String path(String field, String path) {
    if (!PATH.matcher(path).matches() || path.indexOf('#') >= 0) {
      throw new InvalidRequest(
          field + " must begin with '/' and be at most 256 printable characters without '#'");
    }
    return path;
  }

  private static List<String> words(String field, @Nullable List<String> words, int most) {
    if (words == null) {
      return List.of();
    }
    if (words.size() > most) {
      throw new InvalidRequest("%s has more than %d members".formatted(field, most));
    }
    for (@Nullable String word : words) {
      if (word == null || word.length() > LONGEST_ARGUMENT || word.indexOf('\0') >= 0) {
        throw new InvalidRequest(
            "%s must hold texts of at most %d characters, without NUL"
                .formatted(field, LONGEST_ARGUMENT));
      }
    }
    return words;
  }

  private static SortedMap<String, String> resources(@Nullable Map<String, String> resources) {
    SortedMap<String, String> checked = new TreeMap<>();
    if (resources != null) {
      resources.forEach((name, amount) -> checked.put(resource(name), amount(name, amount)));
    }
    return checked;
  }

  private static String resource(String name) {
    if (!RESOURCE.matcher(name).matches()) {
      throw new InvalidRequest(
          "resources.%s is unknown; known are cpu, memory and ephemeral-storage, which are limits,"
                  .formatted(name)
              + " and the same with 'requests.' before them");
    }
    return name;
  }

  private static String amount(String name, @Nullable String amount) {
    if (amount == null || !AMOUNT.matcher(amount).matches()) {
      throw new InvalidRequest(
          "resources.%s must be an amount such as 500m, 2, 256Mi or 1Gi".formatted(name));
    }
    return amount;
  }

  private static Egress egress(@Nullable String egress) {
    String given = egress == null ? Egress.NONE.wireName() : egress;
    return Stream.of(Egress.values())
        .filter(one -> one.wireName().equals(given))
        .findFirst()
        .orElseThrow(
            () -> new InvalidRequest("egress is unknown; it must be one of none, list, all"));
  }

  private static List<Destination> destinations(Egress egress, @Nullable List<String> allowed) {
    List<String> given = allowed == null ? List.of() : allowed;
    if ((egress == Egress.LIST) == given.isEmpty()) {
      throw new InvalidRequest("egress_allow goes with egress list, and only with it");
    }
    if (given.size() > MOST_DESTINATIONS) {
      throw new InvalidRequest(
          "egress_allow has more than %d members".formatted(MOST_DESTINATIONS));
    }
    List<Destination> destinations = new ArrayList<>();
    for (@Nullable String one : given) {
      destinations.add(destination(one == null ? "" : one));
    }
    return destinations;
  }

  private static Destination destination(String text) {
    Matcher form = DESTINATION.matcher(text);
    if (!form.matches() || !network(form.group(1), Integer.parseInt(form.group(2)))) {
      throw new InvalidRequest(
          "egress_allow must hold networks such as 203.0.113.0/24, or with ports"
              + " 203.0.113.7/32:80,443");
    }
    List<Integer> ports =
        form.group(3) == null
            ? List.of()
            : Stream.of(form.group(3).split(","))
                .map(port -> port("egress_allow: a port", Integer.parseInt(port)))
                .toList();
    if (ports.size() > MOST_PORTS) {
      throw new InvalidRequest(
          "egress_allow: a network has more than %d ports".formatted(MOST_PORTS));
    }
    return new Destination(form.group(1) + "/" + form.group(2), ports);
  }

  private static boolean network(String address, int bits) {
    try {
      return bits <= InetAddress.ofLiteral(address).getAddress().length * 8;
    } catch (IllegalArgumentException _) {
      return false;
    }
  }

  private static String time(String field, String text, Duration shortest) {
    Matcher form = TIME.matcher(text);
    if (text.length() > LONGEST_TIME || !form.matches()) {
      throw new InvalidRequest(
          "%s must be hours, minutes and seconds as in 1h30m or 90s".formatted(field));
    }
    Duration time =
        Duration.ofHours(number(form.group(1)))
            .plusMinutes(number(form.group(2)))
            .plusSeconds(number(form.group(3)));
    if (!time.isZero() && time.compareTo(shortest) < 0) {
      throw new InvalidRequest(
          "%s must be at least %dm, or 0s for no end".formatted(field, shortest.toMinutes()));
    }
    return text;
  }

  private static long number(@Nullable String digits) {
    return digits == null ? 0 : Long.parseLong(digits);
  }
}
