package io.reflow.gateway.telemetry;

import io.helidon.webserver.WebServer;
import io.reflow.gateway.config.LoggingConfig;
import io.reflow.gateway.config.LoggingConfig.Format;
import io.reflow.gateway.config.LoggingConfig.Level;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/// Logs in every way there is.
final class LoggingProgram {

  private LoggingProgram() {}

  public static void main(String[] args) {
    Logging.configure(new LoggingConfig(Level.ERROR, Format.TEXT));
    Logging.configure(new LoggingConfig(Level.valueOf(args[0]), Format.valueOf(args[1])));
    Logger logger = LoggerFactory.getLogger("test");
    MDC.put("traceId", "0af7651916cd43dd8448eb211c80319c");
    logger
        .atWarn()
        .addKeyValue("target", "git\nhub \ud83d\ude00")
        .addKeyValue("target", "twice")
        .addKeyValue("message", "taken")
        .addKeyValue("durationMs", 12L)
        .addKeyValue("policy", (Object) null)
        .log("facts");
    MDC.clear();
    Throwable failure = new IllegalStateException("outer", new IllegalArgumentException("inner"));
    logger.atError().setCause(failure).log("failed");
    logger.atInfo().addKeyValue("body", "x\ud800".repeat(100_000)).log("the long one");
    logger.debug("not wanted at info");

    java.util.logging.Logger jul = java.util.logging.Logger.getLogger("jul");
    jul.info("from jul");
    jul.fine("not wanted at info from jul");
    System.Logger platform = System.getLogger("platform");
    platform.log(System.Logger.Level.INFO, "from the platform");
    System.getLogger("io.helidon.webserver.http.DirectHandlers")
        .log(System.Logger.Level.WARNING, "a client went away");
    WebServer.builder().featuresDiscoverServices(false).port(0).build().start().stop();
  }
}
