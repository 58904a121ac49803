package io.reflow.chart;

import static org.assertj.core.api.Assertions.assertThat;

import com.marcnuri.helm.LintResult;
import io.reflow.operator.testing.Rights;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/// What holds however the chart is installed.
class ChartTest {

  @ParameterizedTest
  @EnumSource
  void passesTheStrictLint(Cases installation) {
    LintResult result = Chart.lint(installation.values);

    assertThat(result.isFailed()).as(String.join("\n", result.getMessages())).isFalse();
  }

  @ParameterizedTest
  @EnumSource
  void everyObjectFitsItsSchema(Cases installation) {
    for (var object : installation.install().objects()) {
      assertThat(Schemas.problems(object)).as(object.toPrettyString()).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyPodIsRestricted(Cases installation) {
    var pods = Pods.of(installation.install().objects()).toList();

    assertThat(pods).isNotEmpty();
    for (var pod : pods) {
      assertThat(Pods.violations(pod)).as(pod.toPrettyString()).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatNamesSomethingFindsIt(Cases installation) {
    Installed installed = installation.install();

    assertThat(References.dangling(installed)).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void rolesNameWhatTheyAllow(Cases installation) {
    Installed installed = installation.install();

    assertThat(installed.all("ClusterRole")).isEmpty();
    installed
        .all("Role")
        .forEach(role ->
            assertThat(role.path("rules").toString())
                .doesNotContain("*", "impersonate", "escalate", "bind"));
    // Whoever may make pods in a namespace can read its Secrets.
    assertThat(installed.all("Role").map(role -> role.at("/metadata/namespace").asString()))
        .doesNotContain(Chart.NAMESPACE);
  }

  /// With which the gateway and the operator are tried.
  @ParameterizedTest
  @EnumSource
  void theRolesAreThoseOfTheTests(Cases installation) {
    List<JsonNode> roles = installation.install().all("Role").toList();

    for (JsonNode role : roles) {
      String namespace = role.at("/metadata/namespace").asString();
      assertThat(Rights.of(namespace, role))
          .isIn(Rights.gateway(namespace), Rights.operator(namespace));
    }
    if (installation == Cases.EVERYTHING) {
      assertThat(roles).hasSize(2);
    }
  }

  @ParameterizedTest
  @EnumSource
  void theGatewayUnderstandsItsConfiguration(Cases installation) {
    var config = installation.install().gatewayConfig();

    assertThat(config.production()).isTrue();
    assertThat(config.database().host()).isPresent();
    assertThat(config.database().password()).isPresent();
    assertThat(config.replica().address()).isPresent();
  }

  @ParameterizedTest
  @EnumSource(names = {"MINIMAL", "EXISTING_SECRETS", "EVERYTHING"})
  void theOperatorUnderstandsItsConfiguration(Cases installation) {
    var config = installation.install().operatorConfig();

    assertThat(config.rules().gatewayNamespace()).isEqualTo(Chart.NAMESPACE);
    assertThat(config.namespace()).isNotEqualTo(Chart.NAMESPACE);
  }

  @ParameterizedTest
  @EnumSource
  void aGatewayHasTheTimeThatItsDrainTakes(Cases installation) {
    Installed installed = installation.install();
    var config = installed.gatewayConfig();
    var pod = installed.gateway().at("/spec/template/spec");
    long before = pod.at("/containers/0/lifecycle/preStop/exec/command/1").asLong(0);

    long needed =
        before
            + config.shutdown().flightDrain().toSeconds()
            + config.server().shutdownGrace().toSeconds()
            + config.stdio().stopGrace().toSeconds();

    assertThat(pod.path("terminationGracePeriodSeconds").asLong()).isGreaterThan(needed);
  }

  @ParameterizedTest
  @EnumSource
  void secretsAreInSecretsOnly(Cases installation) {
    Installed installed = installation.install();
    var secrets =
        installed.all("Secret").flatMap(secret -> secret.path("data").propertyStream()).toList();
    String others =
        String.join(
            "\n",
            installed.objects().stream()
                .filter(object -> !object.path("kind").asString().equals("Secret"))
                .map(Object::toString)
                .toList());

    for (var secret : secrets) {
      String value =
          installed
              .all("Secret")
              .filter(object -> object.path("data").has(secret.getKey()))
              .findFirst()
              .flatMap(object ->
                  installed.secret(object.at("/metadata/name").asString(), secret.getKey()))
              .orElseThrow();
      assertThat(List.of(value, secret.getValue().asString()))
          .as(secret.getKey())
          .noneMatch(it -> it.length() >= 8 && others.contains(it));
    }
  }

  @ParameterizedTest
  @EnumSource
  void tellsWhatToDoNext(Cases installation) {
    assertThat(Chart.notes(installation.values))
        .contains("port-forward service/reflow-gateway 3000:", "helm test reflow-gateway");
  }
}
