package io.reflow.gateway.telemetry;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import io.reflow.gateway.config.LoggingConfig;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;

/// Sets up the logs of the whole process: SLF4J, `java.util.logging` and `System.Logger` all end in
/// one line each on the standard output.
public final class Logging {

  private Logging() {}

  /// May be called again: the last configuration counts.
  public static void configure(LoggingConfig config) {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    Level level = Level.valueOf(config.level().name());
    Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.setLevel(level);
    root.addAppender(console(context, config.format()));
    // It warns, with a stack trace, of every client that goes away in the middle of a request.
    context.getLogger("io.helidon.webserver.http.DirectHandlers").setLevel(Level.ERROR);
    // What it has to say of failed exports is said once a minute, by Losses.
    context.getLogger("io.opentelemetry").setLevel(Level.OFF);
    context.getLogger("okhttp3").setLevel(Level.OFF);
    // What goes wrong with the API server is said where it matters.
    context.getLogger("io.fabric8").setLevel(Level.ERROR);
    bridge(config.level());
  }

  /// Sends a copy of every line to the collector too, until what is returned is closed.
  public static AutoCloseable export(OtlpLogs logs) {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    var appender = new OtlpAppender(logs);
    appender.setContext(context);
    appender.setName("otlp");
    appender.start();
    Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.addAppender(appender);
    return () -> {
      root.detachAppender(appender);
      appender.stop();
      logs.close();
    };
  }

  private static ConsoleAppender<ILoggingEvent> console(
      LoggerContext context, LoggingConfig.Format format) {
    Encoder<ILoggingEvent> encoder =
        switch (format) {
          case JSON -> new JsonLines();
          case TEXT -> new TextLines();
        };
    encoder.setContext(context);
    encoder.start();
    ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
    console.setContext(context);
    console.setName("console");
    console.setEncoder(encoder);
    console.start();
    return console;
  }

  /// The level is set there too, so that what is not logged costs nothing before the bridge.
  private static void bridge(LoggingConfig.Level level) {
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
    java.util.logging.Logger.getLogger("")
        .setLevel(
            switch (level) {
              case TRACE -> java.util.logging.Level.FINEST;
              case DEBUG -> java.util.logging.Level.FINE;
              case INFO -> java.util.logging.Level.INFO;
              case WARN -> java.util.logging.Level.WARNING;
              case ERROR -> java.util.logging.Level.SEVERE;
            });
  }
}
