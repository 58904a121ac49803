package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.Dashboard;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Grafana can load the dashboards, and people can read them.
class DashboardsTest {

  private static final String DATASOURCE = "${datasource}";
  private static final int COLUMNS = 24;

  static Stream<Dashboard> dashboards() {
    return Dashboard.all().stream();
  }

  @Test
  void thereIsOneForEachQuestion() {
    assertThat(Dashboard.all().stream().map(Dashboard::file))
        .containsExactly(
            "instances.json", "overview.json", "runtime.json", "security.json", "targets.json");
    assertThat(Dashboard.all().stream().map(it -> it.json().get("uid").asText()))
        .doesNotHaveDuplicates()
        .allMatch(uid -> uid.matches("reflow-[a-z]{1,33}"));
  }

  @ParameterizedTest
  @MethodSource("dashboards")
  void itsReplicasAndTargetsCanBeChosen(Dashboard dashboard) {
    List<JsonNode> variables =
        Dashboard.stream(dashboard.json().get("templating").get("list")).toList();
    Set<String> names =
        variables.stream().map(it -> it.get("name").asText()).collect(Collectors.toSet());

    assertThat(names).contains("datasource", "replica");
    assertThat(variables.getFirst().get("type").asText()).isEqualTo("datasource");
    assertThat(variables.getFirst().get("query").asText()).isEqualTo("prometheus");
    assertThat(variables.stream().skip(1))
        .allMatch(it -> it.get("datasource").get("uid").asText().equals(DATASOURCE))
        .allMatch(it -> it.get("allValue").asText().equals(".*"));
    for (Dashboard.Query query : dashboard.queries()) {
      assertThat(query.expression()).contains("instance=~\"$replica\"");
      assertThat(query.expression().contains("$target")).isIn(false, names.contains("target"));
    }
  }

  @ParameterizedTest
  @MethodSource("dashboards")
  void eachPanelSaysWhatItShowsInWhichUnit(Dashboard dashboard) {
    assertThat(dashboard.json().get("title").asText()).startsWith("Reflow Gateway: ");
    for (JsonNode panel : dashboard.panels()) {
      assertThat(panel.get("title").asText()).isNotBlank();
      assertThat(panel.get("description").asText()).as(panel.get("title").asText()).isNotBlank();
      assertThat(panel.get("fieldConfig").get("defaults").get("unit").asText()).isNotBlank();
      assertThat(panel.get("datasource").get("uid").asText()).isEqualTo(DATASOURCE);
      assertThat(Dashboard.stream(panel.get("targets")).map(it -> it.get("refId").asText()))
          .isNotEmpty()
          .doesNotHaveDuplicates();
    }
  }

  @ParameterizedTest
  @MethodSource("dashboards")
  void noQueryHidesThatItHasNoData(Dashboard dashboard) {
    assertThat(dashboard.queries())
        .isNotEmpty()
        .noneMatch(query -> query.expression().matches("(?s).*\\b(vector|absent)\\b.*"));
  }

  @ParameterizedTest
  @MethodSource("dashboards")
  void noPanelIsOnAnother(Dashboard dashboard) {
    Set<String> taken = new HashSet<>();
    Set<Integer> ids = new HashSet<>();
    for (JsonNode panel : (Iterable<JsonNode>) dashboard.json().get("panels")::elements) {
      assertThat(ids.add(panel.get("id").asInt())).as("id of " + panel.get("title")).isTrue();
      JsonNode at = panel.get("gridPos");
      assertThat(at.get("x").asInt() + at.get("w").asInt()).isLessThanOrEqualTo(COLUMNS);
      for (int x = 0; x < at.get("w").asInt(); x++) {
        for (int y = 0; y < at.get("h").asInt(); y++) {
          String cell = (at.get("x").asInt() + x) + "," + (at.get("y").asInt() + y);
          assertThat(taken.add(cell)).as(panel.get("title") + " at " + cell).isTrue();
        }
      }
    }
  }
}
