package io.reflow.operator;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.utils.Serialization;
import io.reflow.operator.testing.Instances;
import io.reflow.operator.testing.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ObjectNode;

/// The operator as a process of its own, as it is run in a cluster: how fast, how large, and how it
/// ends.
class FiguresIT {

  private static final int INSTANCES = 1_000;
  private static final Duration TIME = Duration.ofSeconds(60);
  private static final long MEMORY_KB = 256 * 1024;

  private final OperatorFixture cluster = new OperatorFixture();
  @TempDir private Path logs;

  @AfterEach
  void close() throws Exception {
    cluster.close();
  }

  @Test
  void runsAThousandInstancesQuicklyAndInLittleMemory() throws IOException, InterruptedException {
    var json = new ObjectMapper();
    for (int i = 0; i < INSTANCES; i++) {
      String text = Serialization.asJson(Instances.of("user:" + i));
      ObjectNode _ =
          cluster
              .api
              .objects()
              .create(Kind.INSTANCE, Instances.NAMESPACE, (ObjectNode) json.readTree(text));
    }

    Instant start = Instant.now();
    Process operator = start();
    try {
      cluster.await("all to be ready", () -> ready() == INSTANCES);
      Duration took = Duration.between(start, Instant.now());
      long peak = memory(operator, "VmHWM");
      LoggerFactory.getLogger(FiguresIT.class)
          .info(
              "{} instances in {} ms; {} kB at most, {} kB now; {} requests",
              INSTANCES,
              took.toMillis(),
              peak,
              memory(operator, "VmRSS"),
              cluster.api.requests());
      assertThat(took).isLessThan(TIME);
      assertThat(peak).isLessThan(MEMORY_KB);

      operator.destroy();
      assertThat(operator.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(cluster.api.objects().list(Kind.LEASE))
          .noneMatch(lease -> lease.path("spec").has("holderIdentity"));
    } finally {
      Process _ = operator.destroyForcibly();
    }
  }

  private long ready() {
    return cluster.api.objects().list(Kind.INSTANCE).stream()
        .filter(instance -> instance.at("/status/phase").asString("").equals("Ready"))
        .count();
  }

  /// With the options that `operator/README.md` tells to run it with.
  private Process start() throws IOException {
    String classes =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:+UseCompactObjectHeaders",
                "-XX:TieredStopAtLevel=1",
                "-Xmx96m",
                "-cp",
                classes,
                "io.reflow.operator.Main"));
    var builder = new ProcessBuilder(command);
    builder.environment().put("KUBERNETES_MASTER", "http://127.0.0.1:" + cluster.api.port());
    builder.environment().put("KUBERNETES_AUTH_TRYKUBECONFIG", "false");
    builder.environment().put("OPERATOR_NAMESPACE", Instances.NAMESPACE);
    builder.environment().put("OPERATOR_GATEWAY_NAMESPACE", "reflow");
    builder.environment().put("OPERATOR_ALLOWED_IMAGES", "ghcr.io/acme");
    builder.environment().put("OPERATOR_PORT", "0");
    builder.environment().put("HOSTNAME", "operator-process");
    builder.redirectErrorStream(true);
    builder.redirectOutput(logs.resolve("operator.log").toFile());
    return builder.start();
  }

  private static long memory(Process process, String what) throws IOException {
    return Files.readAllLines(Path.of("/proc/" + process.pid() + "/status")).stream()
        .filter(line -> line.startsWith(what + ":"))
        .map(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }
}
