package io.reflow.gateway.upstream.stdio;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.config.StdioConfig.Sandbox;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.instance.InstanceKey.Sharing;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.testing.Sandboxes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class LeftHomesTest {

  private static final TargetId KEPT = new TargetId(new UUID(0, 1));
  private static final TargetId GONE = new TargetId(new UUID(0, 2));
  private static final Sharing ANN = new Sharing.User(new UserId(new UUID(1, 1)));
  private static final Sharing BEN = new Sharing.User(new UserId(new UUID(1, 2)));
  private static final Sharing DEVELOPERS = new Sharing.Role("developer");
  private static final Sharing TESTERS = new Sharing.Role("tester");
  private static final Sharing RED = new Sharing.Groups(new TreeSet<>(Set.of("red")));
  private static final Sharing BOTH = new Sharing.Groups(new TreeSet<>(Set.of("red", "blue")));

  @TempDir private Path folder;

  private final Set<TargetId> targets = new HashSet<>(Set.of(KEPT, GONE));
  private final Set<Sharing> sharings =
      new HashSet<>(Set.of(new Sharing.Everyone(), ANN, BEN, DEVELOPERS, TESTERS, RED, BOTH));

  private Spawner spawner(Sandbox sandbox, Duration retention) {
    return new Spawner(Sandboxes.config(sandbox, retention), Sandboxes.passable(folder), "left");
  }

  private void sweep(Spawner spawner) throws InterruptedException {
    spawner.removeLeftHomes(targets::contains, () -> Optional.of(sharings));
  }

  private static Child start(Spawner spawner, TargetId target, Sharing sharing, String script)
      throws IOException, InterruptedException {
    var key = new InstanceKey(target, sharing);
    List<String> command = List.of("sh", "-c", script);
    return spawner.spawn(new Launch("left", command, Map.of(), key, true, false));
  }

  private static void end(Child child) throws IOException {
    child.input().close();
    child.end(Duration.ofMinutes(1));
    child.output().close();
    child.errors().close();
  }

  /// Runs something in the folder of an instance.
  private static Path home(Spawner spawner, TargetId target, Sharing sharing, String script)
      throws IOException, InterruptedException {
    Child child = start(spawner, target, sharing, script);
    end(child);
    return child.contained().home();
  }

  @ParameterizedTest
  @EnumSource
  void removesWhatNothingCanUseAnyMore(Sandbox sandbox) throws IOException, InterruptedException {
    Sandboxes.assume(sandbox);
    Path outside = Files.createDirectory(folder.resolve("outside"));
    Path precious = Files.writeString(outside.resolve("precious"), "kept");
    String script =
        """
        mkdir -p closed/in; echo x > closed/in/x; chmod 000 closed
        ln -s '%s' link; ln -s '%s' file
        i=0; while [ $i -lt 200 ]; do mkdir deep; cd deep; i=$((i+1)); done
        """
            .formatted(outside, precious);
    try (Spawner spawner = spawner(sandbox, Duration.ZERO)) {
      Path gone = home(spawner, GONE, new Sharing.Everyone(), script);
      Path ofGone = home(spawner, GONE, ANN, "echo x > note");
      Path ofBen = home(spawner, KEPT, BEN, script);
      Path ofAnn = home(spawner, KEPT, ANN, "echo x > note");
      Path ofRole = home(spawner, KEPT, DEVELOPERS, "echo x > note");
      sweep(spawner);
      assertThat(List.of(gone, ofGone, ofBen, ofAnn, ofRole)).allMatch(Files::isDirectory);

      targets.remove(GONE);
      sharings.remove(BEN);
      sweep(spawner);

      assertThat(gone.getParent()).doesNotExist();
      assertThat(ofBen).doesNotExist();
      assertThat(ofAnn.resolve("note")).hasContent("x");
      assertThat(ofRole.resolve("note")).hasContent("x");
      assertThat(precious).hasContent("kept");
      assertThat(folder.resolve("instances"))
          .isDirectoryNotContaining(entry -> entry.toString().endsWith(".gone"));
      assertThat(ofBen.getParent())
          .isDirectoryNotContaining(entry -> entry.toString().endsWith(".gone"));
    }
  }

  @Test
  void removesWhatBelongsToARoleOrGroupsThatNobodyHasAnyMore()
      throws IOException, InterruptedException {
    try (Spawner spawner = spawner(Sandbox.NONE, Duration.ZERO)) {
      Path ofEveryone = home(spawner, KEPT, new Sharing.Everyone(), "echo x > note");
      Path ofDevelopers = home(spawner, KEPT, DEVELOPERS, "echo x > note");
      Path ofTesters = home(spawner, KEPT, TESTERS, "echo x > note");
      Path ofRed = home(spawner, KEPT, RED, "echo x > note");
      Path ofBoth = home(spawner, KEPT, BOTH, "echo x > note");

      sharings.remove(TESTERS);
      sharings.remove(BOTH);
      sweep(spawner);

      assertThat(List.of(ofTesters, ofBoth)).noneMatch(Files::exists);
      assertThat(List.of(ofEveryone, ofDevelopers, ofRed))
          .allMatch(home -> Files.exists(home.resolve("note")));
    }
  }

  @Test
  void nothingOfAKeptTargetIsRemovedWhileNobodyKnowsWhoCouldUseIt()
      throws IOException, InterruptedException {
    try (Spawner spawner = spawner(Sandbox.NONE, Duration.ZERO)) {
      Path home = home(spawner, KEPT, DEVELOPERS, "echo x > note");

      spawner.removeLeftHomes(targets::contains, Optional::empty);

      assertThat(home.resolve("note")).hasContent("x");
    }
  }

  @Test
  void nothingIsRemovedWhileItIsUsed() throws IOException, InterruptedException {
    try (Spawner spawner = spawner(Sandbox.NONE, Duration.ZERO)) {
      Child child = start(spawner, GONE, new Sharing.Everyone(), "echo x > note; cat");
      try {
        targets.remove(GONE);

        sweep(spawner);

        assertThat(child.running()).isTrue();
        assertThat(child.contained().home()).isDirectory();
      } finally {
        end(child);
      }
      sweep(spawner);
      assertThat(child.contained().home()).doesNotExist();
    }
  }

  @Test
  void whatComesBackInTimeIsKept() throws IOException, InterruptedException {
    try (Spawner spawner = spawner(Sandbox.NONE, Duration.ofDays(1))) {
      Path home = home(spawner, GONE, ANN, "echo x > note");
      Path marks = folder.resolve("instances");
      targets.remove(GONE);
      sharings.remove(ANN);
      sweep(spawner);
      assertThat(home.resolve("note")).exists();
      assertThat(marks).isDirectoryContaining(entry -> entry.toString().endsWith(".gone"));

      targets.add(GONE);
      sharings.add(ANN);
      sweep(spawner);

      assertThat(home.resolve("note")).exists();
      assertThat(marks).isDirectoryNotContaining(entry -> entry.toString().endsWith(".gone"));
    }
  }

  @Test
  void aUserKeepsWhatAnEarlierVersionHasKeptForThem() throws IOException, InterruptedException {
    Path old =
        Files.createDirectories(
            folder
                .resolve("instances")
                .resolve(KEPT.toString())
                .resolve(UUID.nameUUIDFromBytes(ANN.wireName().getBytes(UTF_8)).toString()));
    Files.writeString(old.resolve("note"), "kept");
    try (Spawner spawner = spawner(Sandbox.NONE, Duration.ZERO)) {
      sweep(spawner);
      Path home = home(spawner, KEPT, ANN, ":");

      assertThat(home.resolve("note")).hasContent("kept");
      assertThat(old).doesNotExist();
    }
  }
}
