package io.reflow.gateway.upstream.stdio;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.reflow.gateway.config.StdioConfig;
import io.reflow.gateway.config.StdioConfig.Sandbox;
import io.reflow.gateway.config.SystemUser;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.instance.InstanceKey.Sharing;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collection;
import java.util.HashSet;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The folders of instances in the data folder: home and working directory of all processes with
/// the same key, for as long as the target is there. Where the gateway runs as root and processes
/// are contained, each folder belongs to a user id of its own; who owns it is written nowhere else.
final class Homes {

  private static final Set<PosixFilePermission> CLOSED =
      PosixFilePermissions.fromString("rwx------");
  private static final Set<PosixFilePermission> SHARED =
      PosixFilePermissions.fromString("rwxr-xr-x");
  private static final Set<PosixFilePermission> PASSABLE =
      PosixFilePermissions.fromString("rwx--x--x");

  /// Folders that other users have to get through, to what is closed by itself.
  private static final Set<String> PASSED_THROUGH = Set.of("instances", "packages", "postgres");

  private final Path dataDir;
  private final Path instances;
  private static final Logger LOG = LoggerFactory.getLogger(Homes.class);

  /// Begins the names of folders of one user.
  private static final String OF_USER = "user-";

  private static final String TOO_LARGE =
      "its folder holds more than stdio.limits.home-size allows";

  private final long most;

  /// Folders that were too large when somebody looked.
  private final Set<Path> full = ConcurrentHashMap.newKeySet();

  private final boolean ownUsers;
  private final boolean root = SystemUser.root();
  private final int firstUid;
  private final int uids;

  /// The user ids that are taken, and the folders they own.
  private final ConcurrentHashMap<Integer, Path> owners = new ConcurrentHashMap<>();

  Homes(StdioConfig stdio, Path dataDir) {
    this.ownUsers = root && stdio.containment() != Sandbox.NONE;
    this.most = stdio.limits().homeSize().bytes();
    this.firstUid = stdio.firstUid();
    this.uids = stdio.uids();
    try {
      Files.createDirectories(
          dataDir.resolve("instances"), PosixFilePermissions.asFileAttribute(CLOSED));
      this.dataDir = dataDir.toRealPath();
      this.instances = this.dataDir.resolve("instances");
      if (ownUsers) {
        findOwners();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("can't keep the folders of instances", e);
    }
  }

  /// @param uid the user that it belongs to, if that is none of the gateway's
  record Home(Path folder, OptionalInt uid) {}

  /// Whether a user id is one that instances are given.
  boolean ofInstances(int uid) {
    return firstUid <= uid && uid - firstUid < uids;
  }

  Path dataDir() {
    return dataDir;
  }

  private void findOwners() throws IOException {
    findOwners(instances, 2);
    findOwners(dataDir.resolve("packages"), 3);
  }

  private void findOwners(Path above, int depth) throws IOException {
    if (depth == 0) {
      int uid = owner(above);
      if (ofInstances(uid)) {
        owners.putIfAbsent(uid, above);
      }
    } else if (Files.isDirectory(above, LinkOption.NOFOLLOW_LINKS)) {
      try (Stream<Path> folders = Files.list(above)) {
        for (Path folder : folders.toList()) {
          findOwners(folder, depth - 1);
        }
      }
    }
  }

  /// Lets others read what is in a folder that was opened before.
  void share(Path folder) throws IOException {
    Files.setPosixFilePermissions(folder, SHARED);
  }

  /// The folder of an instance, made if need be.
  Home open(InstanceKey key) throws IOException {
    Path target = instances.resolve(key.target().toString());
    Path folder = target.resolve(name(key.sharing()));
    Path earlier = target.resolve(earlierName(key.sharing()));
    if (!folder.equals(earlier)
        && Files.exists(earlier, LinkOption.NOFOLLOW_LINKS)
        && !Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      Files.move(earlier, folder);
      owners.replaceAll((_, path) -> path.equals(earlier) ? folder : path);
    }
    return open(folder);
  }

  /// What the folders of those who share instances in one of these ways are called, also those that
  /// an earlier version has made.
  static Set<String> names(Collection<Sharing> sharings) {
    Set<String> names = new HashSet<>();
    for (Sharing sharing : sharings) {
      names.add(name(sharing));
      names.add(earlierName(sharing));
    }
    return names;
  }

  private static String name(Sharing sharing) {
    return sharing instanceof Sharing.User(var user) ? OF_USER + user : earlierName(sharing);
  }

  private static String earlierName(Sharing sharing) {
    return UUID.nameUUIDFromBytes(sharing.wireName().getBytes(UTF_8)).toString();
  }

  /// The folder that the folders of all instances are in, by target.
  Path instances() {
    return instances;
  }

  /// Removes a folder in which nothing is left, and lets its user id go.
  void remove(Path folder) throws IOException {
    Files.delete(folder);
    full.remove(folder);
    owners.values().remove(folder);
  }

  /// Why a folder can't be worked in, if so.
  Optional<String> obstacle(Path folder) {
    return full.contains(folder) ? tooLarge(folder) : Optional.empty();
  }

  /// Any folder in the data folder, made if need be.
  Home open(Path folder) throws IOException {
    Files.createDirectories(folder, PosixFilePermissions.asFileAttribute(CLOSED));
    if (!root) {
      return new Home(folder, OptionalInt.empty());
    }
    if (!ownUsers) {
      give(folder, 0);
      return new Home(folder, OptionalInt.empty());
    }
    for (Path above = folder.getParent();
        above != null && above.startsWith(dataDir) && !above.equals(dataDir);
        above = above.getParent()) {
      Files.setPosixFilePermissions(above, PASSABLE);
    }
    int uid = uid(folder);
    give(folder, uid);
    return new Home(folder, OptionalInt.of(uid));
  }

  /// Where it is tried out whether processes can be contained.
  Home trial() throws IOException {
    return open(instances.resolve("trial").resolve("trial"));
  }

  /// Why processes of other users could not work in their folders, or could see what is beside
  /// them.
  Optional<String> outOfReach() throws IOException {
    if (!ownUsers) {
      return Optional.empty();
    }
    Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(dataDir);
    if (permissions.add(PosixFilePermission.OTHERS_EXECUTE)) {
      Files.setPosixFilePermissions(dataDir, permissions);
    }
    try (Stream<Path> entries = Files.list(dataDir)) {
      for (Path entry : entries.toList()) {
        close(entry, PASSED_THROUGH.contains(entry.getFileName().toString()));
      }
    }
    for (Path folder = dataDir; folder != null; folder = folder.getParent()) {
      if (!Files.getPosixFilePermissions(folder).contains(PosixFilePermission.OTHERS_EXECUTE)) {
        return Optional.of(
            "other users can't reach server.data-dir, since %s is closed to them; move the data"
                    .formatted(folder)
                + " elsewhere, such as /var/lib/reflow");
      }
    }
    return Optional.empty();
  }

  /// Others see nothing in it, and reach nothing unless they have to pass through.
  private static void close(Path entry, boolean passable) throws IOException {
    if (Files.isSymbolicLink(entry)) {
      return;
    }
    Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(entry);
    if (permissions.retainAll(passable ? PASSABLE : CLOSED)) {
      Files.setPosixFilePermissions(entry, permissions);
    }
  }

  private int uid(Path folder) throws IOException {
    int owner = owner(folder);
    if (folder.equals(owners.get(owner))) {
      return owner;
    }
    // From a place that other gateways of this machine hardly begin at.
    int start = Math.floorMod(instances.hashCode(), uids);
    for (int i = 0; i < uids; i++) {
      int uid = firstUid + (start + i) % uids;
      if (folder.equals(owners.computeIfAbsent(uid, _ -> folder))) {
        return uid;
      }
    }
    throw new IOException(
        "all %d user ids of stdio.uids are taken: raise it, or delete folders in %s"
            .formatted(uids, instances));
  }

  private static int owner(Path path) throws IOException {
    return (int) Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
  }

  /// The folder and all in it, unless it belongs to the user already.
  private static void give(Path folder, int uid) throws IOException {
    if (owner(folder) == uid) {
      return;
    }
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            own(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path inner, IOException failure)
              throws IOException {
            own(inner);
            return FileVisitResult.CONTINUE;
          }

          private void own(Path path) throws IOException {
            Files.setAttribute(path, "unix:gid", uid, LinkOption.NOFOLLOW_LINKS);
            Files.setAttribute(path, "unix:uid", uid, LinkOption.NOFOLLOW_LINKS);
          }
        });
  }

  /// What is wrong with a folder that holds more than it may; it is then not opened either.
  Optional<String> tooLarge(Path folder) {
    if (most == 0) {
      return Optional.empty();
    }
    if (size(folder) <= most) {
      full.remove(folder);
      return Optional.empty();
    }
    full.add(folder);
    return Optional.of(TOO_LARGE);
  }

  /// Counts no further than it has to.
  private long size(Path folder) {
    var size = new AtomicLong();
    try {
      Files.walkFileTree(
          folder,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
              return size.addAndGet(attributes.size()) > most
                  ? FileVisitResult.TERMINATE
                  : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException gone) {
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path inner, @Nullable IOException gone) {
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      LOG.atWarn().setCause(e).log("The folder of an instance can't be measured");
    }
    return size.get();
  }
}
