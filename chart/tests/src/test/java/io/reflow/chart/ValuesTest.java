package io.reflow.chart;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.operator.OperatorConfig;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// Holds the places together that name values: `values.yaml`, its schema, the chart's README, and
/// the gateway's application.yaml.
class ValuesTest {

  private static final Pattern ROW = Pattern.compile("(?m)^\\| `([A-Za-z0-9.]+)` \\| (\\S.*?) \\|");
  private static final Pattern KEY = Pattern.compile("^( *)(#?)([a-z][a-z0-9-]*):(| .*)$");

  /// What the chart sees to: where the gateway listens, and what belongs into Secrets.
  private static final Set<String> KEPT =
      Set.of(
          "server.host",
          "server.port",
          "server.data-dir",
          "management.enabled",
          "management.host",
          "management.port",
          "replica.address",
          "replica.host",
          "replica.port",
          "database.password",
          "auth.setup-token",
          "jwt.secret",
          "jwt.previous-secret",
          "encryption.key",
          "encryption.keys",
          "kubernetes.namespace",
          "kubernetes.api-server",
          "kubernetes.token",
          "kubernetes.service-url",
          "telemetry.headers",
          "audit.key",
          "audit.previous-keys");

  @Test
  void theReadmeHasEveryValueWithItsDefault() {
    var said = new TreeMap<String, String>();
    Matcher row = ROW.matcher(Chart.text(Chart.FOLDER.resolve("README.md")));
    while (row.find()) {
      assertThat(said.put(row.group(1), row.group(2).replace("`", ""))).isNull();
    }

    assertThat(said).isEqualTo(values("", Chart.file("values.yaml"), new TreeMap<>()));
  }

  @Test
  void theSchemaHasEveryValueAndNoOther() {
    JsonNode schema = Chart.file("values.schema.json");

    assertThat(keys("", schema, new TreeSet<>()))
        .filteredOn(key -> !key.equals("global") && !key.startsWith("config."))
        .containsExactlyInAnyOrderElementsOf(
            values("", Chart.file("values.yaml"), new TreeMap<>()).keySet().stream()
                .filter(key -> !key.startsWith("config."))
                .toList());
  }

  @Test
  void configTakesTheKeysOfTheGateway() {
    Set<String> expected = gatewayKeys();
    expected.removeAll(KEPT);

    assertThat(keys("", Chart.file("values.schema.json").at("/properties/config"), new TreeSet<>()))
        .isEqualTo(expected);
    assertThat(gatewayKeys()).containsAll(KEPT);
  }

  @Test
  void theOperatorsValuesAreItsDefaults() {
    Installed installed = Cases.MINIMAL.install();
    Map<String, String> needed =
        new TreeMap<>(
            installed.environment(installed.get("Deployment", Chart.RELEASE + "-operator")));
    needed
        .keySet()
        .retainAll(
            Set.of(
                "OPERATOR_NAMESPACE",
                "OPERATOR_GATEWAY_NAMESPACE",
                "OPERATOR_GATEWAY_LABELS",
                "OPERATOR_PORT"));
    needed.put("HOSTNAME", "operator-0");

    assertThat(installed.operatorConfig()).isEqualTo(OperatorConfig.of(needed));
  }

  /// The keys that have a default or could have one, and the default as the README writes it.
  private static Map<String, String> values(String path, JsonNode node, Map<String, String> found) {
    boolean free =
        path.matches(
            "(operator\\.config|resources|.*\\.resources)\\.(requests|limits)|(.*\\.)?topologySpread"
                + "|metrics\\.dashboards\\.labels|ingress\\.annotations");
    if (node.isObject() && !node.isEmpty() && !free) {
      node.propertyStream()
          .forEach(entry ->
              values(
                  path.isEmpty() ? entry.getKey() : path + "." + entry.getKey(),
                  entry.getValue(),
                  found));
      return found;
    }
    if (free || node.size() > 3) {
      found.put(path, "see values.yaml");
    } else {
      found.put(path, node.isString() && !node.asString().isEmpty() ? node.asString() : json(node));
    }
    return found;
  }

  private static String json(JsonNode node) {
    return node.toString().replace(",", ", ");
  }

  private static Set<String> keys(String path, JsonNode schema, Set<String> found) {
    JsonNode properties = schema.path("properties");
    if (properties.isMissingNode()) {
      found.add(path);
      return found;
    }
    assertThat(schema.path("additionalProperties").asBoolean(true)).as(path).isFalse();
    properties
        .propertyStream()
        .forEach(entry ->
            keys(
                path.isEmpty() ? entry.getKey() : path + "." + entry.getKey(),
                entry.getValue(),
                found));
    return found;
  }

  /// All keys of application.yaml, those without a default too.
  private static Set<String> gatewayKeys() {
    record Section(int indent, String path) {}
    var found = new TreeSet<String>();
    Deque<Section> open = new ArrayDeque<>();
    for (String line : Chart.text(Path.of("../../application.yaml")).split("\n", -1)) {
      Matcher key = KEY.matcher(line);
      if (key.matches()) {
        int indent = key.group(1).length();
        while (!open.isEmpty() && open.peek().indent() >= indent) {
          open.pop();
        }
        String path = (open.isEmpty() ? "" : open.peek().path() + ".") + key.group(3);
        if (key.group(4).isBlank() && key.group(2).isEmpty()) {
          open.push(new Section(indent, path));
        } else {
          found.add(path);
        }
      }
    }
    return found;
  }
}
