package io.reflow.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class FullMappingTest {

  private static final Map<String, String> OTHER_VALUES =
      Map.ofEntries(
          Map.entry("server.host", "0.0.0.0"),
          Map.entry("server.port", "8080"),
          Map.entry("server.public-url", "https://gateway.example.com"),
          Map.entry("server.allowed-hosts", "a.example.com, b.example.com"),
          Map.entry("server.data-dir", "/var/lib/reflow"),
          Map.entry("server.max-body-size", "1GiB"),
          Map.entry("server.max-header-size", "2048"),
          Map.entry("server.header-timeout", "PT1S"),
          Map.entry("server.body-timeout", "1m30s"),
          Map.entry("server.idle-timeout", "1h"),
          Map.entry("server.max-connections", "7"),
          Map.entry("server.shutdown-grace", "0s"),
          Map.entry("shutdown.flight-drain", "5s"),
          Map.entry("management.enabled", "false"),
          Map.entry("management.host", "::"),
          Map.entry("management.port", "0"),
          Map.entry("database.host", "db.example.com"),
          Map.entry("database.port", "6432"),
          Map.entry("database.name", "other"),
          Map.entry("database.user", "someone"),
          Map.entry("database.password", "a$b,c"),
          Map.entry("database.sslmode", "verify-full"),
          Map.entry("database.pool-size", "3"),
          Map.entry("database.connection-timeout", "1s"),
          Map.entry("database.lock-timeout", "2s"),
          Map.entry("auth.registration", "first-user"),
          Map.entry("auth.setup-token", "a-setup-token"),
          Map.entry("auth.max-login-failures", "3"),
          Map.entry("auth.max-concurrent-password-hashes", "1"),
          Map.entry("jwt.secret", "0123456789abcdef0123456789abcdef"),
          Map.entry("jwt.previous-secret", "fedcba9876543210fedcba9876543210"),
          Map.entry("jwt.issuer", "issuer"),
          Map.entry("jwt.audience", "audience"),
          Map.entry("jwt.lifetime", "1h"),
          Map.entry("jwt.leeway", "0s"),
          Map.entry("encryption.key", "00000000000000000000000000000001"),
          Map.entry("encryption.keys", "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
          Map.entry("cors.allowed-origins", "https://a.example.com,http://localhost:5173"),
          Map.entry("cors.max-age", "1s"),
          Map.entry("session.timeout", "1m"),
          Map.entry("session.max-lifetime", "7d"),
          Map.entry("session.max-per-user", "1"),
          Map.entry("session.max-streams-per-user", "2"),
          Map.entry("replica.address", "replica-0.example.com"),
          Map.entry("replica.host", "127.0.0.1"),
          Map.entry("replica.port", "3012"),
          Map.entry("replica.dead-after", "1m"),
          Map.entry("policy.max-staleness", "1m"),
          Map.entry("mcp.naming.prefix", "never"),
          Map.entry("mcp.naming.delimiter", "__"),
          Map.entry("mcp.naming.max-length", "64"),
          Map.entry("mcp.list.page-size", "10"),
          Map.entry("mcp.list.announced-ttl", "1s"),
          Map.entry("mcp.list.silent-ttl", "200ms"),
          Map.entry("mcp.list.max-stale", "3s"),
          Map.entry("mcp.instructions", "Be kind."),
          Map.entry("mcp.timeout.connect", "1s"),
          Map.entry("mcp.timeout.initialize", "2s"),
          Map.entry("mcp.timeout.list", "3s"),
          Map.entry("mcp.timeout.call-idle", "4s"),
          Map.entry("mcp.timeout.call-max", "5s"),
          Map.entry("mcp.input-timeout", "1m"),
          Map.entry("mcp.max-upstream-message-size", "64KiB"),
          Map.entry("mcp.sse.on-mcp-path", "false"),
          Map.entry("mcp.extras.upstream-identity", "true"),
          Map.entry("mcp.extras.probe-resources", "true"),
          Map.entry("mcp.extras.bare-app-tools", "true"),
          Map.entry("upstream.allow-private-networks", "false"),
          Map.entry("stdio.max-processes", "1"),
          Map.entry("stdio.max-processes-per-target", "2"),
          Map.entry("stdio.max-processes-per-user", "3"),
          Map.entry("stdio.start-timeout", "4s"),
          Map.entry("stdio.probe-timeout", "3s"),
          Map.entry("stdio.idle-timeout", "5s"),
          Map.entry("stdio.max-lifetime", "6s"),
          Map.entry("stdio.stop-grace", "7s"),
          Map.entry("stdio.stderr-lines", "8"),
          Map.entry("stdio.home-retention", "9d"),
          Map.entry("stdio.sandbox", "bubblewrap"),
          Map.entry("stdio.first-uid", "70000"),
          Map.entry("stdio.uids", "10"),
          Map.entry("stdio.visible", "/opt/a,/opt/b"),
          Map.entry("stdio.allowed-commands", "npx,uvx"),
          Map.entry("stdio.shared-packages", "false"),
          Map.entry("stdio.limits.memory", "1GiB"),
          Map.entry("stdio.limits.processes", "1"),
          Map.entry("stdio.limits.open-files", "2"),
          Map.entry("stdio.limits.home-size", "0"),
          Map.entry("terminal.enabled", "true"),
          Map.entry("terminal.shell", "bash"),
          Map.entry("terminal.max-open", "1"),
          Map.entry("terminal.idle-timeout", "1s"),
          Map.entry("terminal.max-duration", "2s"),
          Map.entry("kubernetes.enabled", "true"),
          Map.entry("kubernetes.namespace", "elsewhere"),
          Map.entry("kubernetes.api-server", "https://10.0.0.1:6443"),
          Map.entry("kubernetes.token", "abc"),
          Map.entry("kubernetes.service-url", "http://localhost/{name}"),
          Map.entry("kubernetes.start-timeout", "1m"),
          Map.entry("kubernetes.max-instances", "3"),
          Map.entry("kubernetes.max-instances-per-target", "2"),
          Map.entry("kubernetes.max-instances-per-user", "1"),
          Map.entry("telemetry.enabled", "true"),
          Map.entry("telemetry.endpoint", "https://otel-collector:4318/otlp"),
          Map.entry("telemetry.protocol", "http/protobuf"),
          Map.entry("telemetry.headers", "authorization: Bearer abc,x-scope: one"),
          Map.entry("telemetry.service-name", "gateway-1"),
          Map.entry("telemetry.resource-attributes", "deployment.environment.name=test"),
          Map.entry("telemetry.timeout", "1s"),
          Map.entry("telemetry.traces", "false"),
          Map.entry("telemetry.metrics", "false"),
          Map.entry("telemetry.logs", "false"),
          Map.entry("telemetry.audit", "true"),
          Map.entry("telemetry.sampling-ratio", "0.25"),
          Map.entry("telemetry.follow-clients", "true"),
          Map.entry("telemetry.baggage", "tenant,region"),
          Map.entry("telemetry.interval", "1s"),
          Map.entry("telemetry.metrics-interval", "1m"),
          Map.entry("audit.segment-size", "1MiB"),
          Map.entry("audit.segments", "2"),
          Map.entry("audit.fsync", "group"),
          Map.entry("audit.batch-size", "3"),
          Map.entry("audit.ship-interval", "1s"),
          Map.entry("audit.key", "0123456789abcdef0123456789abcdef"),
          Map.entry("audit.previous-keys", "fedcba9876543210fedcba9876543210"),
          Map.entry("audit.checkpoint-interval", "2m"),
          Map.entry("audit.retention", "60d"),
          Map.entry("audit.bodies.record", "all"),
          Map.entry("audit.bodies.max-size", "1KiB"),
          Map.entry("audit.bodies.redact-paths", "$.a,$..b"),
          Map.entry("audit.bodies.redact-names", "iban,card"),
          Map.entry("logging.level", "debug"),
          Map.entry("logging.format", "text"));

  @Test
  void environmentSetsEveryKey() {
    Map<String, String> environment = new HashMap<>();
    OTHER_VALUES.forEach((key, value) -> environment.put(Binder.variable(key), value));

    GatewayConfig config = new ConfigLoader(environment, Path.of("/nowhere")).load(List.of());

    assertEveryKeyIsChanged(config);
  }

  @Test
  void fileSetsEveryKey() {
    GatewayConfig config =
        new ConfigLoader(Map.of(), Path.of("/nowhere")).read("test.yaml", yaml());

    assertEveryKeyIsChanged(config);
    assertThat(config.server())
        .isEqualTo(
            new ServerConfig(
                "0.0.0.0",
                8080,
                URI.create("https://gateway.example.com"),
                List.of("a.example.com", "b.example.com"),
                Path.of("/var/lib/reflow"),
                DataSize.ofMebibytes(1024),
                DataSize.ofKibibytes(2),
                Duration.ofSeconds(1),
                Duration.ofSeconds(90),
                Duration.ofHours(1),
                7,
                Duration.ZERO));
    assertThat(config.database().password()).isEqualTo(Optional.of(new Secret("a$b,c")));
    assertThat(config.mcp().extras()).isEqualTo(new McpConfig.Extras(true, true, true));
    assertThat(config.mcp().list().silentTtl()).isEqualTo(Duration.ofMillis(200));
    assertThat(config.auth().registration()).isEqualTo(AuthConfig.Registration.FIRST_USER);
  }

  private static void assertEveryKeyIsChanged(GatewayConfig config) {
    Map<String, Object> defaults = ConfigKeys.values(GatewayConfig.DEFAULTS);
    Map<String, Object> changed = ConfigKeys.values(config);
    for (String key : ConfigKeys.all()) {
      assertThat(changed.get(key)).as(key).isNotEqualTo(defaults.get(key));
    }
  }

  private static String yaml() {
    StringBuilder yaml = new StringBuilder();
    nested(OTHER_VALUES).forEach((key, value) -> append(yaml, "", key, value));
    return yaml.toString();
  }

  private static void append(StringBuilder yaml, String indent, String key, Object value) {
    yaml.append(indent).append(key).append(':');
    if (value instanceof Map<?, ?> section) {
      yaml.append('\n');
      section.forEach((inner, it) -> append(yaml, indent + "  ", (String) inner, it));
    } else {
      yaml.append(" '").append(value).append("'\n");
    }
  }

  private static Map<String, Object> nested(Map<String, String> values) {
    Map<String, Object> root = new HashMap<>();
    values.forEach((path, value) -> {
      Map<String, Object> section = root;
      String[] steps = path.split("\\.", -1);
      for (int i = 0; i < steps.length - 1; i++) {
        @SuppressWarnings("unchecked")
        Map<String, Object> inner =
            (Map<String, Object>) section.computeIfAbsent(steps[i], _ -> new HashMap<>());
        section = inner;
      }
      section.put(steps[steps.length - 1], value);
    });
    return root;
  }
}
