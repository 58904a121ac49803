package io.reflow.gateway.database;

import java.io.IOException;
import java.nio.file.Path;

/// A process that starts the built-in PostgreSQL, says its port, and stays until it is killed.
final class DoomedServer {

  private DoomedServer() {}

  public static void main(String[] arguments) throws IOException {
    int port = EmbeddedPostgres.start(Path.of(arguments[0])).address().port();
    System.out.print("%d%n".formatted(port));
    int _ = System.in.read();
  }
}
