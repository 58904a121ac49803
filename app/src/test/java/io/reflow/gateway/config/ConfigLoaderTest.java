package io.reflow.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigLoaderTest {

  private static final String EXAMPLE =
      """
      server: { port: 3000, host: "0.0.0.0" }
      database: { host: postgres, port: 5432, user: reflow, password: ${DB_PASSWORD} }
      jwt: { secret: ${JWT_SECRET} }
      encryption: { key: ${ENCRYPTION_KEY} } # exactly 32 chars
      session: { timeout: 30m }
      logging: { level: info, format: json }
      kubernetes: { enabled: false, namespace: reflow }
      telemetry: { enabled: false, endpoint: "http://otel-collector:4317" }
      """;

  @TempDir private Path folder;

  @Test
  void readsTheExampleOfTheDocumentation() {
    Map<String, String> environment =
        Map.of(
            "DB_PASSWORD", "to: {se}cret, # really",
            "JWT_SECRET", "0123456789abcdef0123456789abcdef",
            "ENCRYPTION_KEY", "00000000000000000000000000000000");

    GatewayConfig config = read(environment, EXAMPLE);

    assertThat(config.database().password())
        .isEqualTo(Optional.of(new Secret("to: {se}cret, # really")));
    assertThat(config.encryption().key().orElseThrow().reveal())
        .isEqualTo("00000000000000000000000000000000");
    assertThat(config.server().host()).isEqualTo("0.0.0.0");
    assertThat(config.session().timeout()).isEqualTo(Duration.ofMinutes(30));
    assertThat(config.telemetry().endpoint()).isEqualTo(URI.create("http://otel-collector:4317"));
  }

  @Test
  void namesEveryReferenceThatIsNotSet() {
    assertThat(problems(Map.of("JWT_SECRET", ""), EXAMPLE))
        .containsExactlyInAnyOrder(
            "database.password (line 2 of test.yaml): refers to ${DB_PASSWORD}, but the"
                + " environment variable DB_PASSWORD is not set or empty",
            "jwt.secret (line 3 of test.yaml): refers to ${JWT_SECRET}, but the environment"
                + " variable JWT_SECRET is not set or empty",
            "encryption.key (line 4 of test.yaml): refers to ${ENCRYPTION_KEY}, but the"
                + " environment variable ENCRYPTION_KEY is not set or empty");
  }

  @Test
  void looksAtReferencesOnlyWhereTheSectionIsInUse() {
    String yaml =
        """
        database: { host: "${DB_HOST:}", password: ${DB_PASSWORD}, port: ${DB_PORT} }
        kubernetes: { namespace: ${NAMESPACE} }
        telemetry: { endpoint: ${ENDPOINT} }
        """;

    assertThat(read(Map.of(), yaml)).isEqualTo(GatewayConfig.DEFAULTS);
    assertThat(problems(Map.of("DB_HOST", "db"), yaml)).hasSize(2);
    assertThat(problems(Map.of("DATABASE_HOST", "db"), yaml)).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ${NAME:elsewhere}              | elsewhere
          ${HOST:elsewhere}              | db.example.com
          ${HOST}                        | db.example.com
          "${HOST}:${PORT:1}"            | db.example.com:1
          a-${NAME:b}-c                  | a-b-c
          "$${HOST}"                     | ${HOST}
          $HOST                          | $HOST
          ${NAME:http://[::1]:80, #x}    | http://[::1]:80, #x
          """)
  void putsReferencesInPlace(String written, String meant) {
    assertThat(
            read(
                    Map.of("HOST", "db.example.com"),
                    "database: { host: h, name: %s }".formatted(written))
                .database()
                .name())
        .isEqualTo(meant);
  }

  @ParameterizedTest
  @ValueSource(strings = {"'${not-a-name}'", "'${OPEN'", "${NAME:-bash}", "'${NAME:a}${b.c}'"})
  void refusesReferencesThatMeanNothing(String value) {
    assertThat(problems(Map.of(), "jwt: { issuer: %s }".formatted(value)))
        .singleElement()
        .asString()
        .startsWith("jwt.issuer (line 1 of test.yaml): ");
  }

  @Test
  void takesVariablesAsTheyAre() {
    GatewayConfig config =
        read(Map.of("JWT_ISSUER", "${HOME} # {x}", "SERVER_ALLOWED_HOSTS", " a , b,"), "");

    assertThat(config.jwt().issuer()).isEqualTo("${HOME} # {x}");
    assertThat(config.server().allowedHosts()).containsExactly("a", "b");
  }

  @Test
  void letsTheEnvironmentWinAndAnEmptyVariableCountAsNotSet() {
    String yaml = "server: { port: ${NOWHERE} }\njwt: { issuer: file }";

    GatewayConfig config = read(Map.of("SERVER_PORT", "4000", "JWT_ISSUER", ""), yaml);

    assertThat(config.server().port()).isEqualTo(4000);
    assertThat(config.jwt().issuer()).isEqualTo("file");
  }

  @Test
  void saysEverythingThatIsWrongAtOnce() {
    String yaml =
        """
        server:
          prot: 3000
          port: 70000
          header-timeout: 10
          host: [a, b]
        management: on
        session: { timeout: -PT1S, timeout: 1s }
        mcp: { naming: { delimiter: "-", prefix: sometimes } }
        jwt: { secret: short }
        nonsense: 1
        """;

    assertThat(problems(Map.of("STDIO_MAX_PROCESSES", "many", "AUDIT_SEGMENT_SIZE", "1kb"), yaml))
        .satisfiesExactlyInAnyOrder(
            it ->
                assertThat(it)
                    .startsWith(
                        "server.prot (line 2 of test.yaml): is not a key; there are host, port,"),
            it ->
                assertThat(it)
                    .isEqualTo(
                        "server.header-timeout (line 4 of test.yaml): found '10', allowed is a"
                            + " duration like 200ms, 10s, 30m, 12h, 7d or PT30M"),
            it -> assertThat(it).isEqualTo("server.host: found a list, allowed is a single value"),
            it ->
                assertThat(it)
                    .isEqualTo(
                        "server.port (line 3 of test.yaml): found 70000, allowed is 0 to 65535"),
            it ->
                assertThat(it)
                    .isEqualTo(
                        "management: found a single value, allowed is a section with enabled,"
                            + " host, port"),
            it ->
                assertThat(it)
                    .isEqualTo("session.timeout (line 7 of test.yaml): stands there twice"),
            it ->
                assertThat(it)
                    .startsWith("mcp.naming.prefix (line 8 of test.yaml): found 'sometimes',")
                    .endsWith("one of always, auto, never"),
            it ->
                assertThat(it).startsWith("mcp.naming.delimiter (line 8 of test.yaml): found '-'"),
            it ->
                assertThat(it)
                    .isEqualTo(
                        "jwt.secret (line 9 of test.yaml): found a secret of 5 characters, allowed"
                            + " is at least 32 characters"),
            it ->
                assertThat(it)
                    .isEqualTo(
                        "stdio.max-processes (environment variable STDIO_MAX_PROCESSES): found"
                            + " 'many', allowed is a whole number"),
            it ->
                assertThat(it)
                    .startsWith(
                        "audit.segment-size (environment variable AUDIT_SEGMENT_SIZE): found"
                            + " '1kb'"),
            it -> assertThat(it).startsWith("nonsense (line 10 of test.yaml): is not a key"));
  }

  @ParameterizedTest
  @CsvSource({
    "SERVER_PORT, 65536",
    "SERVER_PORT, -1",
    "SERVER_PORT, 3000.5",
    "SERVER_PORT, 3001",
    "SERVER_PUBLIC_URL, gateway.example.com",
    "SERVER_PUBLIC_URL, ftp://gateway.example.com",
    "SERVER_PUBLIC_URL, https://me:pw@gateway.example.com",
    "SERVER_PUBLIC_URL, https://gateway.example.com/mcp",
    "SERVER_MAX_BODY_SIZE, 0",
    "SERVER_MAX_BODY_SIZE, 999999999GiB",
    "SERVER_MAX_BODY_SIZE, 17179869184GiB",
    "SERVER_BODY_TIMEOUT, 0s",
    "SERVER_BODY_TIMEOUT, P99999D",
    "SERVER_BODY_TIMEOUT, PT-999999999999999S",
    "SERVER_BODY_TIMEOUT, P99999999999999D",
    "SERVER_MAX_CONNECTIONS, 0",
    "MANAGEMENT_ENABLED, yes",
    "DATABASE_PORT, tcp://10.0.0.1:5432",
    "DATABASE_SSLMODE, verify",
    "DATABASE_POOL_SIZE, 0",
    "AUTH_SETUP_TOKEN, 1234567",
    "JWT_SECRET, 0123456789012345678901234567890",
    "JWT_PREVIOUS_SECRET, short",
    "ENCRYPTION_KEY, 0123456789012345678901234567890",
    "ENCRYPTION_KEY, 012345678901234567890123456789012",
    "ENCRYPTION_KEY, ü1234567890123456789012345678901",
    "ENCRYPTION_KEYS, k1:AAAA",
    "ENCRYPTION_KEYS, AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "CORS_ALLOWED_ORIGINS, *",
    "CORS_ALLOWED_ORIGINS, https://app.example.com/",
    "SESSION_MAX_LIFETIME, 1m",
    "MCP_NAMING_DELIMITER, .",
    "MCP_NAMING_DELIMITER, ab",
    "MCP_NAMING_MAX_LENGTH, 31",
    "MCP_TIMEOUT_CALL_MAX, 1s",
    "MCP_LIST_PAGE_SIZE, 0",
    "STDIO_MAX_PROCESSES, 0",
    "KUBERNETES_SERVICE_URL, http://localhost",
    "KUBERNETES_MAX_INSTANCES, 0",
    "TELEMETRY_ENDPOINT, otel-collector:4317",
    "TELEMETRY_ENDPOINT, http://me:pw@otel-collector:4317",
    "TELEMETRY_PROTOCOL, http",
    "TELEMETRY_HEADERS, authorization=abc",
    "TELEMETRY_RESOURCE_ATTRIBUTES, production",
    "TELEMETRY_SAMPLING_RATIO, 1.5",
    "TELEMETRY_SAMPLING_RATIO, 10%",
    "TELEMETRY_SAMPLING_RATIO, -0.1",
    "TELEMETRY_BAGGAGE, a b",
    "AUDIT_FSYNC, always",
    "LOGGING_LEVEL, INFO",
  })
  void refusesValuesThatAreNotAllowed(String variable, String value) {
    List<String> problems = problems(Map.of(variable, value), "");

    assertThat(problems).singleElement().asString().contains(" allowed is ").doesNotContain("\n");
    if (!value.equals("3001")) {
      assertThat(problems.getFirst()).contains(variable);
    }
    if (variable.contains("SECRET") || variable.contains("KEY") || variable.contains("TOKEN")) {
      assertThat(problems.getFirst()).doesNotContain(value);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a: [",
        "a: b: c",
        "\ta: 1",
        "a: 1\n---\nb: 2",
        "*unknown",
        "- a\n- b",
        "jwt: !!java.io.File [x]"
      })
  void refusesWhatIsNoConfiguration(String yaml) {
    assertThat(problems(Map.of(), yaml)).singleElement().asString().doesNotContain("\n");
  }

  @Test
  void boundsWhatAFileMayBe() {
    assertThat(problems(Map.of(), "a: " + "[".repeat(5000))).hasSize(1);
    assertThat(problems(Map.of(), "#".repeat(2_000_000))).hasSize(1);
    String bomb =
        "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nserver: { host: *c, allowed-hosts: *b }";
    assertThat(problems(Map.of(), bomb)).isNotEmpty();
  }

  @Test
  void keepsPasswordsThatYamlMisreadsOutOfTheMessage() {
    for (String value : List.of("*hunter2", "!hunter2", "&hunter2", "@hunter2", "%hunter2 x: y:")) {
      String yaml = "jwt: { secret: %s }".formatted(value);
      assertThat(problems(Map.of(), yaml))
          .allSatisfy(it -> assertThat(it).doesNotContain("hunter"));
    }
  }

  @Test
  void followsThePortWithThePublicUrl() {
    assertThat(read(Map.of("SERVER_PORT", "8080"), "").server().publicUrl())
        .isEqualTo(URI.create("http://localhost:8080"));
    assertThat(
            read(
                    Map.of("SERVER_PORT", "8080", "STDIO_SANDBOX", "none"),
                    "server: { public-url: https://x.example.com }")
                .server()
                .publicUrl())
        .isEqualTo(URI.create("https://x.example.com"));
  }

  @ParameterizedTest
  @CsvSource({
    "http://localhost:3000, false",
    "http://LOCALHOST, false",
    "http://reflow.localhost, false",
    "http://127.0.0.1:3000, false",
    "http://127.1.2.3, false",
    "'http://[::1]:3000', false",
    "'http://[0:0:0:0:0:0:0:1]', false",
    "https://gateway.example.com, true",
    "http://192.168.1.5:3000, true",
    "http://0.0.0.0:3000, true",
    "http://127.example.com, true",
    "http://localhost.example.com, true",
    "'http://[::2]', true",
  })
  void isInProductionUnderAnyNameButLoopback(String url, boolean production) {
    assertThat(read(Map.of("SERVER_PUBLIC_URL", url, "STDIO_SANDBOX", "none"), "").production())
        .isEqualTo(production);
  }

  @Test
  void inProductionTheSandboxIsChosenByHand() {
    assertThat(problems(Map.of("SERVER_PUBLIC_URL", "https://gateway.example.com"), ""))
        .singleElement(InstanceOfAssertFactories.STRING)
        .startsWith("stdio.sandbox")
        .contains("none, user or bubblewrap");
    assertThat(read(Map.of(), "").stdio().containment()).isEqualTo(StdioConfig.Sandbox.NONE);
  }

  @Test
  void findsTheFileInTheOrderOfArgumentVariableAndFolder() throws IOException {
    Files.writeString(folder.resolve("application.yaml"), "jwt: { issuer: folder }");
    Files.writeString(folder.resolve("variable.yaml"), "jwt: { issuer: variable }");
    Files.writeString(folder.resolve("an argument.yaml"), "jwt: { issuer: argument }");

    assertThat(issuer(Map.of())).isEqualTo("folder");
    assertThat(issuer(Map.of("REFLOW_CONFIG", ""))).isEqualTo("folder");
    assertThat(issuer(Map.of("REFLOW_CONFIG", "variable.yaml"))).isEqualTo("variable");
    assertThat(issuer(Map.of("REFLOW_CONFIG", "variable.yaml"), "--config", "an argument.yaml"))
        .isEqualTo("argument");
    assertThat(issuer(Map.of(), "--config=" + folder.resolve("variable.yaml")))
        .isEqualTo("variable");
  }

  @Test
  void refusesFilesThatAreNotThereAndOtherArguments() {
    assertThat(refusals(Map.of("REFLOW_CONFIG", "none.yaml")))
        .singleElement()
        .asString()
        .startsWith("REFLOW_CONFIG: there is no readable file");
    assertThat(refusals(Map.of(), "--config", ".")).hasSize(1);
    assertThat(refusals(Map.of(), "--config")).hasSize(1);
    assertThat(refusals(Map.of(), "--port", "80")).hasSize(1);
  }

  private String issuer(Map<String, String> environment, String... arguments) {
    return new ConfigLoader(environment, folder).load(List.of(arguments)).jwt().issuer();
  }

  private List<String> refusals(Map<String, String> environment, String... arguments) {
    return problems(() -> new ConfigLoader(environment, folder).load(List.of(arguments)));
  }

  private GatewayConfig read(Map<String, String> environment, String yaml) {
    return new ConfigLoader(environment, folder).read("test.yaml", yaml);
  }

  private List<String> problems(Map<String, String> environment, String yaml) {
    return problems(() -> read(environment, yaml));
  }

  private static List<String> problems(Runnable load) {
    return catchThrowableOfType(ConfigException.class, load::run).problems().stream()
        .map(Object::toString)
        .toList();
  }
}
