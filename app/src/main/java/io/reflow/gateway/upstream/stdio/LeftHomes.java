package io.reflow.gateway.upstream.stdio;

import io.reflow.gateway.instance.InstanceKey.Sharing;
import io.reflow.gateway.target.TargetId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Finds the folders of instances that nothing can use any more, since their target or user was
/// deleted, or nobody has the role or the groups any more, and that have been so for long enough. A
/// file beside each says since when.
final class LeftHomes {

  private static final Logger LOG = LoggerFactory.getLogger(LeftHomes.class);
  private static final String MARK = ".gone";

  private final Path instances;
  private final Duration retention;

  LeftHomes(Path instances, Duration retention) {
    this.instances = instances;
    this.retention = retention;
  }

  /// What uses the folders. To be asked rather than guessed: what is removed is gone.
  interface Tenants {

    boolean exists(TargetId target);

    /// All that somebody can share an instance as; empty when that is not known.
    Optional<Set<Sharing>> sharings();
  }

  /// Removes the folder of one instance, and all in it; tells whether it could.
  @FunctionalInterface
  interface Removal {
    boolean remove(Path home) throws IOException, InterruptedException;
  }

  /// Removes what has to go.
  ///
  /// @param inUse a folder that processes work in, or in one below it
  void sweep(Tenants tenants, Predicate<Path> inUse, Removal removal) throws InterruptedException {
    try {
      for (Path target : folders(instances)) {
        Optional<UUID> id = uuid(target.getFileName().toString());
        if (id.isPresent()) {
          sweep(target, new TargetId(id.get()), tenants, inUse, removal);
        }
      }
    } catch (IOException e) {
      LOG.atWarn().setCause(e).log("The folders of instances can't be looked through");
    }
  }

  private void sweep(
      Path target, TargetId id, Tenants tenants, Predicate<Path> inUse, Removal removal)
      throws IOException, InterruptedException {
    boolean gone = !tenants.exists(id);
    if (gone && overdue(target) && !inUse.test(target)) {
      for (Path home : folders(target)) {
        removeOne(home, removal);
      }
      removeEmpty(target);
      return;
    }
    if (!gone) {
      unmark(target);
    }
    List<Path> homes = folders(target);
    // Asked after it was looked what there is: whose folder is new is known then.
    Optional<Set<String>> used = tenants.sharings().map(Homes::names);
    if (used.isEmpty()) {
      return;
    }
    for (Path home : homes) {
      if (used.get().contains(home.getFileName().toString())) {
        unmark(home);
      } else if (overdue(home) && !inUse.test(home)) {
        removeOne(home, removal);
      }
    }
  }

  private static void removeOne(Path home, Removal removal)
      throws IOException, InterruptedException {
    if (removal.remove(home)) {
      unmark(home);
      LOG.atInfo().log("The folder of an instance that is no more was removed: {}", home);
    } else {
      LOG.atWarn().log("The folder of an instance that is no more can't be removed: {}", home);
    }
  }

  private static void removeEmpty(Path target) throws IOException {
    try (Stream<Path> left = Files.list(target)) {
      if (left.findAny().isPresent()) {
        return;
      }
    }
    Files.delete(target);
    unmark(target);
  }

  /// Begins to count at the first look.
  private boolean overdue(Path folder) throws IOException {
    Path mark = mark(folder);
    if (!Files.exists(mark, LinkOption.NOFOLLOW_LINKS)) {
      Files.createFile(mark);
    }
    Instant since = Files.getLastModifiedTime(mark, LinkOption.NOFOLLOW_LINKS).toInstant();
    return !since.plus(retention).isAfter(Instant.now());
  }

  private static void unmark(Path folder) throws IOException {
    Files.deleteIfExists(mark(folder));
  }

  private static Path mark(Path folder) {
    return folder.resolveSibling(folder.getFileName() + MARK);
  }

  private static List<Path> folders(Path above) throws IOException {
    List<Path> folders = new ArrayList<>();
    try (Stream<Path> entries = Files.list(above)) {
      entries
          .filter(entry -> Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS))
          .forEach(folders::add);
    }
    return folders;
  }

  private static Optional<UUID> uuid(String name) {
    try {
      return Optional.of(UUID.fromString(name));
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }
}
