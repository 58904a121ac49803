package io.reflow.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What the chart does not do, and how it says so.
class RefusalsTest {

  private static final String SECRETS =
      """
      secrets: {jwtSecret: 0123456789abcdef0123456789abcdef, encryptionKey: 0123456789abcdef0123456789abcdef, dbPassword: pass}
      """;
  private static final String WHOLE = SECRETS + "config: {database: {host: db}}\n";

  @Test
  void hasNoDefaultSecrets() {
    refuses("{}", "secrets.jwtSecret is missing", "openssl rand -hex 32", "existingSecret");
    refuses(
        "secrets: {jwtSecret: 0123456789abcdef0123456789abcdef}",
        "secrets.encryptionKey is missing");
    refuses(
        "secrets: {jwtSecret: 0123456789abcdef0123456789abcdef, encryptionKey:"
            + " 0123456789abcdef0123456789abcdef}",
        "secrets.dbPassword is missing");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "secrets: {jwtSecret: short} | secrets.jwtSecret is too short",
        "secrets: {encryptionKey: 0123456789abcdef} | must have exactly 32 characters",
        "secrets: {auditKey: short} | secrets.auditKey is too short",
        "secrets: {setupToken: short} | secrets.setupToken is too short",
        "secrets: {jwtsecret: x} | additional properties 'jwtsecret' not allowed",
        "secret: {} | additional properties 'secret' not allowed",
        "replicas: 0 | at '/replicas'",
        "config: {database: {host: null}} | config.database.host is missing",
        "postgresql: {enabled: true} | exclude each other",
        "config: {database: {password: x}} | additional properties 'password' not allowed",
        "config: {sesion: {}} | additional properties 'sesion' not allowed",
        "config: {session: {timeout: long}} | at '/config/session/timeout'",
        "config: {jwt: {secret: x}} | additional properties 'secret' not allowed",
        "admin: {email: a@example.com} | admin.password is missing",
        "{admin: {existingSecret: boss}, config: {auth: {registration: closed}}} | could not be"
            + " made",
        "ingress: {enabled: true} | ingress.host is missing",
        "httpRoute: {enabled: true} | httpRoute.parentRefs is missing",
        "instances: {namespace: tools} | must be another namespace",
        "operator: {config: {allowedImage: []}} | additional properties 'allowedImage' not allowed",
      })
  void refusesWhatIsWrong(String change, String message) {
    String values = Chart.merged(WHOLE, change);

    refuses(values, message);
  }

  @Test
  void asksOfAnExistingSecretNothingElse() {
    assertThat(Chart.render("secrets: {existingSecret: mine}\nconfig: {database: {host: db}}"))
        .noneMatch(object -> object.path("kind").asString().equals("Secret"));
  }

  @Test
  void theSetupTokenStaysWhatItIs() {
    assertThat(setupToken(WHOLE)).isEqualTo(setupToken(WHOLE)).hasSize(32);
    assertThat(setupToken(WHOLE)).isNotEqualTo("0123456789abcdef0123456789abcdef");
    assertThat(setupToken(Chart.merged(WHOLE, "secrets: {setupToken: chosen-by-hand}")))
        .isEqualTo("chosen-by-hand");
  }

  @Test
  void theSchemasNoticeWhatIsWrong() {
    assertThat(problems("{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {port: []}}"))
        .contains("port");
    assertThat(
            problems(
                "{apiVersion: v1, kind: Service, spec: {ports: [{name: http, port: '3000'}]}}"))
        .contains("3000");
    assertThat(problems("{apiVersion: v1, kind: Service, spec: {ports: [{name: http}]}}"))
        .contains("port");
    assertThat(
            problems(
                "{apiVersion: apps/v1, kind: StatefulSet, spec: {template: {spec: {containers:"
                    + " [{name: a, livenessProb: {}}]}}}}"))
        .isNotBlank();
    assertThat(
            problems(
                "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, spec: {rules: [{match:"
                    + " []}]}}"))
        .contains("match");
    assertThat(
            problems(
                "{apiVersion: monitoring.coreos.com/v1, kind: ServiceMonitor, spec: {endpoints:"
                    + " [{prt: http}]}}"))
        .contains("prt");
    assertThat(problems("{apiVersion: apps/v2, kind: StatefulSet}")).contains("no schema");
  }

  private static String problems(String object) {
    return String.join("; ", Schemas.problems(Chart.yaml(object)));
  }

  private static String setupToken(String values) {
    return Installed.with(values).secret(Chart.RELEASE + "-secrets", "setup-token").orElseThrow();
  }

  private static void refuses(String values, String... messages) {
    assertThatThrownBy(() -> Chart.render(values)).hasMessageContainingAll(messages);
  }
}
