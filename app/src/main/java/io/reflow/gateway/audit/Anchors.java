package io.reflow.gateway.audit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Base64;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What this gateway remembers outside the database of what it has put there: how far its own chain
/// has come, and the newest checkpoint that it knows. What is removed from the database's end is
/// noticed by this.
///
/// Losing a file costs no more than that: it is as if nothing had been there.
final class Anchors {

  private static final Logger LOG = LoggerFactory.getLogger(Anchors.class);

  private final Path chain;
  private final Path checkpoint;
  private volatile Optional<CheckpointId> newest;
  private volatile boolean failing;

  Anchors(Path folder) {
    this.chain = folder.resolve("chain");
    this.checkpoint = folder.resolve("checkpoint");
    this.newest = read(checkpoint).flatMap(CheckpointId::parse);
  }

  ChainHead head() {
    return read(chain).flatMap(Anchors::parse).orElse(ChainHead.NONE);
  }

  void save(ChainHead head) {
    write(
        chain,
        "%d %s".formatted(head.position(), Base64.getUrlEncoder().encodeToString(head.mac())));
  }

  /// The newest checkpoint that was seen.
  Optional<CheckpointId> checkpoint() {
    return newest;
  }

  void save(CheckpointId seen) {
    newest = Optional.of(seen);
    write(checkpoint, seen.text());
  }

  private static Optional<ChainHead> parse(String text) {
    String[] parts = text.split(" ", -1);
    try {
      byte[] mac = Base64.getUrlDecoder().decode(parts[parts.length - 1]);
      return parts.length == 2 && mac.length == ChainKeys.SEAL_BYTES
          ? Optional.of(new ChainHead(Long.parseLong(parts[0]), mac))
          : Optional.empty();
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }

  private static Optional<String> read(Path file) {
    try {
      return Optional.of(Files.readString(file).strip());
    } catch (NoSuchFileException _) {
      return Optional.empty();
    } catch (IOException e) {
      LOG.atWarn().addKeyValue("file", file).setCause(e).log("What the audit remembers is lost");
      return Optional.empty();
    }
  }

  /// The file is there whole, before and after.
  private void write(Path file, String text) {
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    try {
      Files.writeString(fresh, text + "\n");
      var _ = Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
      failing = false;
    } catch (IOException e) {
      if (!failing) {
        LOG.atWarn().addKeyValue("file", file).setCause(e).log("The audit can't remember its end");
      }
      failing = true;
    }
  }
}
