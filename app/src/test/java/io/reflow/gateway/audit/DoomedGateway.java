package io.reflow.gateway.audit;

import io.reflow.gateway.config.AuditConfig;
import io.reflow.gateway.config.AuditConfig.Fsync;
import io.reflow.gateway.config.DataSize;
import io.reflow.gateway.config.DatabaseConfig;
import io.reflow.gateway.config.GatewayConfig;
import io.reflow.gateway.config.Secret;
import io.reflow.gateway.database.Database;
import io.reflow.gateway.database.DatabaseAddress;
import io.reflow.gateway.fault.GatewayException.Unavailable;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/// A process that records calls, as fast as it can, and says which of them are on record, until it
/// is killed. Reads where its database is from its standard input.
final class DoomedGateway {

  private static final int THREADS = 4;

  private DoomedGateway() {}

  public static void main(String[] arguments) throws IOException {
    List<String> words =
        List.of(new String(System.in.readAllBytes(), StandardCharsets.UTF_8).split(" ", -1));
    var address =
        new DatabaseAddress(
            "127.0.0.1",
            Integer.parseInt(words.get(0)),
            words.get(1),
            words.get(2),
            new Secret(words.get(3)),
            "disable");
    DatabaseConfig pool = GatewayConfig.DEFAULTS.database();
    AuditConfig config =
        new AuditConfig(DataSize.ofKibibytes(128), 12, Fsync.OFF, 200, Duration.ofMillis(5));
    AuditLog log =
        AuditLog.open(
            Path.of(arguments[0]),
            config,
            Entries.keys(),
            Database.connect(address, pool),
            InstantSource.system());
    log.begin(Optional.empty());
    for (int i = 0; i < THREADS; i++) {
      int thread = i;
      Thread.ofPlatform().start(() -> record(log, thread, System.out));
    }
  }

  private static void record(AuditLog log, int thread, PrintStream said) {
    for (int i = 0; ; i++) {
      try {
        AuditIntent intent = Entries.intent("tool_%d_%d".formatted(thread, i));
        Intended intended = log.intend(intent);
        said.print("I %d .%n".formatted(intended.number()));
        if (i % 10 != 0 || i > 200) {
          log.record(intended, Entries.allowed(intent));
          said.print("O %d .%n".formatted(intended.number()));
        }
      } catch (Unavailable _) {
        Thread.onSpinWait();
      }
    }
  }
}
