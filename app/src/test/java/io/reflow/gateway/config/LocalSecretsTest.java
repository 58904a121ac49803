package io.reflow.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalSecretsTest {

  @TempDir private Path folder;
  private Path data;

  @BeforeEach
  void findData() {
    data = folder.resolve("data");
  }

  @Test
  void makesSecretsOnceForTheOwnerOnly() throws IOException {
    GatewayConfig first = LocalSecrets.complete(config(Map.of()));
    GatewayConfig second = LocalSecrets.complete(config(Map.of()));

    assertThat(second).isEqualTo(first);
    assertThat(first.jwt().secret().orElseThrow().reveal()).hasSize(64);
    assertThat(first.encryption().key().orElseThrow().reveal()).hasSize(32);
    assertThat(first.audit().key().orElseThrow().reveal()).hasSize(64);
    assertThat(permissions("secrets")).isEqualTo("rwx------");
    assertThat(permissions("secrets/audit.key")).isEqualTo("rw-------");
    assertThat(permissions("secrets/jwt.secret")).isEqualTo("rw-------");
    assertThat(permissions("secrets/encryption.key")).isEqualTo("rw-------");
    try (var files = Files.list(data.resolve("secrets"))) {
      assertThat(files).hasSize(3);
    }
  }

  @Test
  void makesOthersElsewhere() {
    GatewayConfig here = LocalSecrets.complete(config(Map.of()));
    data = folder.resolve("elsewhere");

    GatewayConfig there = LocalSecrets.complete(config(Map.of()));

    assertThat(there.jwt().secret()).isNotEqualTo(here.jwt().secret());
    assertThat(there.encryption().key()).isNotEqualTo(here.encryption().key());
  }

  @Test
  void closesSecretsThatWereLeftOpen() throws IOException {
    GatewayConfig first = LocalSecrets.complete(config(Map.of()));
    Path file = data.resolve("secrets/jwt.secret");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));

    assertThat(LocalSecrets.complete(config(Map.of()))).isEqualTo(first);
    assertThat(permissions("secrets/jwt.secret")).isEqualTo("rw-------");
  }

  @Test
  void leavesConfiguredSecretsAlone() {
    Map<String, String> secrets =
        Map.of(
            "JWT_SECRET", "0123456789abcdef0123456789abcdef",
            "AUDIT_KEY", "0123456789abcdef0123456789abcdef",
            "ENCRYPTION_KEYS", "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");

    GatewayConfig config = config(secrets);

    assertThat(LocalSecrets.complete(config)).isSameAs(config);
    assertThat(data).doesNotExist();
  }

  @Test
  void refusesToMakeSecretsBesideADatabaseElsewhere() {
    assertThatThrownBy(() -> LocalSecrets.complete(config(Map.of("DATABASE_HOST", "db"))))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("jwt.secret: is missing")
        .hasMessageContaining("encryption.key: is missing");
    assertThat(data).doesNotExist();
  }

  @Test
  void refusesASecretThatWasCutShort() throws IOException {
    Files.createDirectories(data.resolve("secrets"));
    Files.writeString(data.resolve("secrets/encryption.key"), "short");

    assertThatThrownBy(() -> LocalSecrets.complete(config(Map.of())))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("encryption.key: found a secret of 5 characters")
        .hasMessageNotContaining("short");
  }

  @Test
  void saysWhereSecretsCouldNotBeKept() throws IOException {
    Files.writeString(data, "not a folder");

    assertThatThrownBy(() -> LocalSecrets.complete(config(Map.of())))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("secrets");
  }

  @Test
  void agreesOnOneSecretWhenSeveralStartAtOnce() throws InterruptedException, ExecutionException {
    Set<String> secrets = new HashSet<>();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<GatewayConfig>> starts =
          IntStream.range(0, 20)
              .mapToObj(_ -> threads.submit(() -> LocalSecrets.complete(config(Map.of()))))
              .toList();
      for (Future<GatewayConfig> start : starts) {
        secrets.add(start.get().jwt().secret().orElseThrow().reveal());
      }
    }

    assertThat(secrets).hasSize(1);
  }

  private String permissions(String name) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(data.resolve(name)));
  }

  private GatewayConfig config(Map<String, String> environment) {
    Map<String, String> all = new HashMap<>(environment);
    all.put("SERVER_DATA_DIR", data.toString());
    return new ConfigLoader(all, folder).load(List.of());
  }
}
