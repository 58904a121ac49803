package io.reflow.gateway.upstream.stdio;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Finds the instances whose processes hold more memory together than one instance may: the system
/// limits each process for itself only.
final class TreeMemory {

  private static final Path PROC = Path.of("/proc");
  private static final int KIB = 10;

  private final long most;
  private final long pageSize;
  private final long ownStart = ProcessStat.of(PROC.resolve("self")).started();

  /// @param most bytes; 0 is no limit
  TreeMemory(long most) {
    this.most = most;
    this.pageSize = most > 0 ? pageSize() : 0;
  }

  /// Those that hold too much now.
  List<Child> tooLarge(Collection<Child> children) {
    if (most == 0 || children.isEmpty()) {
      return List.of();
    }
    Map<Long, ProcessStat> all = all();
    Map<Child, List<Long>> trees = trees(children, all);
    List<Child> found = new ArrayList<>();
    trees.forEach((child, tree) -> {
      // What several processes share counts several times here, which is quickly found out.
      long roughly = tree.stream().mapToLong(pid -> bytes(all, pid)).sum();
      if (roughly > most
          && tree.stream().mapToLong(pid -> share(pid, bytes(all, pid))).sum() > most) {
        found.add(child);
      }
    });
    return found;
  }

  private long bytes(Map<Long, ProcessStat> all, long pid) {
    return all.getOrDefault(pid, ProcessStat.NONE).resident() * pageSize;
  }

  private static Map<Long, ProcessStat> all() {
    Map<Long, ProcessStat> all = new HashMap<>();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[1-9]*")) {
      for (Path process : processes) {
        all.put(Long.parseLong(process.getFileName().toString()), ProcessStat.of(process));
      }
    } catch (IOException | DirectoryIteratorException e) {
      throw new UncheckedIOException(new IOException("can't read " + PROC, e));
    }
    return all;
  }

  private Map<Child, List<Long>> trees(Collection<Child> children, Map<Long, ProcessStat> all) {
    var owners = new Owners(children, all);
    Map<Child, List<Long>> trees = new HashMap<>();
    for (Long pid : all.keySet()) {
      Child owner = owners.of(pid);
      if (owner != null) {
        trees.computeIfAbsent(owner, _ -> new ArrayList<>()).add(pid);
      }
    }
    return trees;
  }

  /// Whose a process is: that of its session, of its parents, of its mark, or of its user.
  private final class Owners {

    private final Map<Long, ProcessStat> all;
    private final Map<Long, Child> children;
    private final Map<String, Child> byMarker;
    private final Map<Integer, Child> byUser = new HashMap<>();
    private final Map<Long, @Nullable Child> known = new HashMap<>();

    Owners(Collection<Child> children, Map<Long, ProcessStat> all) {
      this.all = all;
      this.children = children.stream().collect(Collectors.toMap(Child::pid, Function.identity()));
      this.byMarker =
          children.stream().collect(Collectors.toMap(Child::marker, Function.identity()));
      children.forEach(child -> child.contained().uid().ifPresent(uid -> byUser.put(uid, child)));
    }

    /// Nobody's that was there before the gateway.
    @Nullable Child of(long pid) {
      if (known.containsKey(pid)) {
        return known.get(pid);
      }
      ProcessStat stat = all.getOrDefault(pid, ProcessStat.NONE);
      if (stat.resident() == 0 || stat.started() < ownStart) {
        return null;
      }
      // Should parents go in a circle, as they may while they are read.
      known.put(pid, null);
      Child owner = children.getOrDefault(pid, children.get(stat.session()));
      if (owner == null) {
        owner = of(stat.parent());
      }
      if (owner == null) {
        owner = marked(PROC.resolve(Long.toString(pid)));
      }
      known.put(pid, owner);
      return owner;
    }

    private @Nullable Child marked(Path process) {
      Child owner = byMarker.get(Stragglers.marker(process));
      if (owner == null && !byUser.isEmpty()) {
        OptionalInt user = user(process);
        owner = user.isPresent() ? byUser.get(user.getAsInt()) : null;
      }
      return owner;
    }
  }

  private static OptionalInt user(Path process) {
    try {
      return OptionalInt.of(
          (int) Files.getAttribute(process, "unix:uid", LinkOption.NOFOLLOW_LINKS));
    } catch (IOException _) {
      return OptionalInt.empty();
    }
  }

  /// What a process holds, with its part only of what it shares with others.
  private static long share(long pid, long otherwise) {
    Path file = PROC.resolve(Long.toString(pid)).resolve("smaps_rollup");
    try {
      return Files.readAllLines(file, US_ASCII).stream()
          .filter(line -> line.startsWith("Pss:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << KIB)
          .findFirst()
          .orElse(otherwise);
    } catch (IOException _) {
      return otherwise;
    }
  }

  @SuppressWarnings("restricted") // allowed in the manifest; a fixed function of the C library
  private static long pageSize() {
    var function = Linker.nativeLinker().defaultLookup().findOrThrow("getpagesize");
    var call = Linker.nativeLinker().downcallHandle(function, FunctionDescriptor.of(JAVA_INT));
    try {
      return (int) call.invokeExact();
    } catch (Throwable e) {
      throw new IllegalStateException("getpagesize(3) can't be called", e);
    }
  }
}
