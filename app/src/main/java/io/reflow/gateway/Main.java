package io.reflow.gateway;

import io.reflow.gateway.config.ConfigException;
import io.reflow.gateway.config.ConfigLoader;
import io.reflow.gateway.config.GatewayConfig;
import io.reflow.gateway.config.LocalSecrets;
import io.reflow.gateway.config.LoggingConfig;
import io.reflow.gateway.config.LoggingConfig.Format;
import io.reflow.gateway.config.LoggingConfig.Level;
import io.reflow.gateway.telemetry.Logging;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// `java -jar reflow-gateway.jar [--config FILE]`: runs the gateway until it is told to stop.
public final class Main {

  private static final String CLIENT_BUFFER = "jdk.httpclient.bufsize";
  private static final int FAILED = 1;
  private static final int BAD_CONFIGURATION = 2;

  private Main() {}

  public static void main(String[] arguments) throws InterruptedException {
    SelfProtection.begin();
    GatewayConfig config = configure(List.of(arguments));
    // Before the first virtual thread: a child's input holds a carrier thread while the child does
    // not read it.
    int carriers = config.stdio().maxProcesses() + 256;
    System.setProperty("jdk.virtualThreadScheduler.maxPoolSize", Integer.toString(carriers));
    useSmallBuffers();
    // A call starts several short threads: to enter each in a list costs more than to run it.
    System.setProperty("jdk.trackAllThreads", "false");
    Logging.configure(config.logging());
    SelfProtection.warn();
    var closing = new Closing();
    Runtime.getRuntime().addShutdownHook(new Thread(closing::close, "shutdown"));
    start(config, closing);
    new CountDownLatch(1).await();
  }

  /// Each connection to a target keeps one for what it reads: also one on which nothing comes for
  /// minutes, because a user has to think. What is larger comes in several.
  private static void useSmallBuffers() {
    if (System.getProperty(CLIENT_BUFFER) == null) {
      System.setProperty(CLIENT_BUFFER, "2048");
    }
  }

  private static void start(GatewayConfig config, Closing closing) {
    try {
      Gateway _ = Gateway.start(config, closing);
    } catch (RuntimeException e) {
      LoggerFactory.getLogger(Main.class)
          .atError()
          .setCause(e)
          .log("The gateway could not start: {}", e.getMessage());
      System.exit(FAILED);
    }
  }

  private static GatewayConfig configure(List<String> arguments) {
    try {
      var loader = new ConfigLoader(System.getenv(), Path.of(""));
      return LocalSecrets.complete(loader.load(arguments));
    } catch (ConfigException e) {
      Logging.configure(new LoggingConfig(Level.INFO, Format.TEXT));
      Logger log = LoggerFactory.getLogger(Main.class);
      e.problems().forEach(problem -> log.error("The configuration is wrong: {}", problem));
      System.exit(BAD_CONFIGURATION);
      throw e;
    }
  }
}
