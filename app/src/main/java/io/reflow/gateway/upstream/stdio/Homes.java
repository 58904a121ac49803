package io.reflow.gateway.upstream.stdio;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.reflow.gateway.config.StdioConfig;
import io.reflow.gateway.config.StdioConfig.Sandbox;
import io.reflow.gateway.instance.InstanceKey;
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
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/// The folders of instances in the data folder: home and working directory of all processes with
/// the same key, for as long as the target is there. Where the gateway runs as root and processes
/// are contained, each folder belongs to a user id of its own; who owns it is written nowhere else.
final class Homes {

  private static final Set<PosixFilePermission> CLOSED =
      PosixFilePermissions.fromString("rwx------");
  private static final Set<PosixFilePermission> PASSABLE =
      PosixFilePermissions.fromString("rwx--x--x");

  private final Path dataDir;
  private final Path instances;
  private final boolean ownUsers;
  private final boolean root = Users.root();
  private final int firstUid;
  private final int uids;

  /// The user ids that are taken, and the folders they own.
  private final ConcurrentHashMap<Integer, Path> owners = new ConcurrentHashMap<>();

  Homes(StdioConfig stdio, Path dataDir) {
    this.ownUsers = root && stdio.containment() != Sandbox.NONE;
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

  Path dataDir() {
    return dataDir;
  }

  private void findOwners() throws IOException {
    try (Stream<Path> targets = Files.list(instances)) {
      for (Path target : targets.toList()) {
        try (Stream<Path> folders = Files.list(target)) {
          for (Path folder : folders.toList()) {
            int uid = owner(folder);
            if (firstUid <= uid && uid - firstUid < uids) {
              owners.putIfAbsent(uid, folder);
            }
          }
        }
      }
    }
  }

  /// The folder of an instance, made if need be.
  Home open(InstanceKey key) throws IOException {
    return open(
        key.target().toString(),
        UUID.nameUUIDFromBytes(key.sharing().wireName().getBytes(UTF_8)).toString());
  }

  Home open(String target, String name) throws IOException {
    Path parent = instances.resolve(target);
    Path folder = parent.resolve(name);
    Files.createDirectories(folder, PosixFilePermissions.asFileAttribute(CLOSED));
    if (!root) {
      return new Home(folder, OptionalInt.empty());
    }
    if (!ownUsers) {
      give(folder, 0);
      return new Home(folder, OptionalInt.empty());
    }
    Files.setPosixFilePermissions(instances, PASSABLE);
    Files.setPosixFilePermissions(parent, PASSABLE);
    int uid = uid(folder);
    give(folder, uid);
    return new Home(folder, OptionalInt.of(uid));
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

  /// The folders there are.
  List<Path> all() throws IOException {
    try (Stream<Path> folders = Files.walk(instances, 2)) {
      return folders.filter(folder -> instances.relativize(folder).getNameCount() == 2).toList();
    }
  }
}
