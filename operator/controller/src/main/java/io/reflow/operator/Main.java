package io.reflow.operator;

import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.reflow.operator.health.HealthServer;
import java.time.InstantSource;
import org.slf4j.LoggerFactory;

/// `java -jar reflow-gateway-operator.jar`: runs a replica until it is told to stop.
public final class Main {

  private static final int FAILED = 1;
  private static final int BAD_CONFIGURATION = 2;

  private Main() {}

  public static void main(String[] arguments) {
    HealthServer.limit();
    try {
      OperatorConfig config = OperatorConfig.of(System.getenv());
      run(config);
    } catch (OperatorConfig.Wrong e) {
      LoggerFactory.getLogger(Main.class).error("The configuration is wrong: {}", e.getMessage());
      System.exit(BAD_CONFIGURATION);
    } catch (RuntimeException e) {
      LoggerFactory.getLogger(Main.class)
          .atError()
          .setCause(e)
          .log("The operator could not start: {}", e.getMessage());
      System.exit(FAILED);
    }
  }

  private static void run(OperatorConfig config) {
    // The address and the account come from the pod's own environment. Watches over plain HTTP/1.1,
    // as they are tried.
    var connection =
        new ConfigBuilder()
            .withOnlyHttpWatches(true)
            .withHttp2Disable(true)
            .withRequestRetryBackoffLimit(2)
            .build();
    KubernetesClient client = new KubernetesClientBuilder().withConfig(connection).build();
    Operator operator =
        Operator.start(client, config, Leadership.Terms.USUAL, InstantSource.system());
    Thread stop =
        new Thread(
            () -> {
              operator.close();
              client.close();
            },
            "shutdown");
    Runtime.getRuntime().addShutdownHook(stop);
  }
}
