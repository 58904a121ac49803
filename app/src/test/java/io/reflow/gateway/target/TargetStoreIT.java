package io.reflow.gateway.target;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.testing.TestDatabase;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TargetStoreIT {

  private TestDatabase database;
  private TargetStore store;

  @BeforeEach
  void start() {
    database = TestDatabase.fresh();
    store = new TargetStore(database.database());
  }

  @AfterEach
  void stop() {
    database.close();
  }

  @Test
  void readsBackWhatItWrote() {
    Target process =
        target("files", new Transport.Stdio("npx", List.of("-y", "", "a \"b\", {c}\\")), 2);
    Target server =
        target("web", new Transport.StreamableHttp(URI.create("https://h:1/mcp?a=b")), 1);
    Target older = target("old", new Transport.Sse(URI.create("https://h:2/sse")), 3);
    Target onTerminal = target("tty", new Transport.Stdio("npx", List.of(), true), 4);
    store.insert(process);
    store.insert(onTerminal);
    store.insert(server);
    store.insert(older);

    var targets = new Targets(store::all);
    targets.reload();

    assertThat(targets.all())
        .usingRecursiveFieldByFieldElementComparatorIgnoringFields(
            "createdAt", "updatedAt", "revision")
        .containsExactly(server, process, older, onTerminal);
    assertThat(targets.findByName("web").map(Target::id)).contains(server.id());
  }

  @Test
  void revisionGrowsAtEachChange() {
    Target target = target("files", new Transport.Stdio("npx", List.of()), 0);
    store.insert(target);

    assertThat(store.update(target)).isTrue();
    assertThat(store.update(target)).isTrue();

    assertThat(store.all()).extracting(Target::revision).containsExactly(3L);
    assertThat(store.update(target("none", target.transport(), 0))).isFalse();
  }

  @Test
  void targetOfANewerVersionIsLeftOut() {
    store.insert(target("files", new Transport.Stdio("npx", List.of()), 0));
    store.insert(target("later", new Transport.Stdio("npx", List.of()), 0));
    database.execute("update targets set transport_type = 'kubernetes' where name = 'later'");

    assertThat(store.all()).extracting(Target::name).containsExactly("files");
  }

  private static Target target(String name, Transport transport, int priority) {
    return new Target(
        new TargetId(UUID.randomUUID()),
        name,
        transport,
        Isolation.PER_USER,
        transport instanceof Transport.Stdio
            ? new UpstreamAuth.None()
            : new UpstreamAuth.Header("X-Key"),
        priority,
        Optional.of("Title"),
        Optional.of("pre-" + name),
        true,
        0,
        new TargetSettings(
            true,
            ProtocolMode.LEGACY,
            Map.of("instructions", false),
            true,
            true,
            UriMode.WRAP,
            CapabilityMode.SUPERSET,
            Optional.of("d"),
            false),
        Instant.EPOCH,
        Instant.EPOCH);
  }
}
