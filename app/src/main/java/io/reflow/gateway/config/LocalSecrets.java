package io.reflow.gateway.config;

import io.reflow.gateway.config.ConfigException.Problem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;

/// Sees to it that the gateway has its secrets and that none is a default.
///
/// With the PostgreSQL of its own the gateway makes missing ones on first start and keeps them in
/// `<data-dir>/secrets`, readable by its user only. With a PostgreSQL elsewhere other replicas need
/// the same secrets, so they must be configured.
public final class LocalSecrets {

  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rw-------");
  private static final Set<PosixFilePermission> OWNER_ONLY_FOLDER =
      PosixFilePermissions.fromString("rwx------");

  private final Path folder;
  private final SecureRandom random = new SecureRandom();

  private LocalSecrets(Path folder) {
    this.folder = folder;
  }

  /// The configuration with all secrets.
  ///
  /// @throws ConfigException naming the keys that are missing
  public static GatewayConfig complete(GatewayConfig config) {
    boolean jwt = config.jwt().secret().isEmpty();
    boolean encryption =
        config.encryption().key().isEmpty() && config.encryption().keys().isEmpty();
    boolean here = config.database().host().isEmpty();
    // Elsewhere the rows are sealed with a key that follows from the one for encryption.
    boolean audit = here && config.audit().key().isEmpty();
    if (!jwt && !encryption && !audit) {
      return config;
    }
    if (!here) {
      throw missing(jwt, encryption);
    }
    LocalSecrets secrets = new LocalSecrets(config.server().dataDir().resolve("secrets"));
    GatewayConfig complete = config;
    if (jwt) {
      complete = complete.withJwtSecret(secrets.get("jwt.secret", 48));
    }
    if (encryption) {
      complete = complete.withEncryptionKey(secrets.get("encryption.key", 24));
    }
    if (audit) {
      complete = complete.withAuditKey(secrets.get("audit.key", 48));
    }
    return complete;
  }

  private static ConfigException missing(boolean jwt, boolean encryption) {
    String text =
        "is missing; with a database.host the gateway makes no secrets of its own, set %s";
    List<Problem> problems = new ArrayList<>();
    if (jwt) {
      problems.add(new Problem("jwt.secret", text.formatted("it to 32 random characters or more")));
    }
    if (encryption) {
      problems.add(
          new Problem("encryption.key", text.formatted("it to exactly 32 random characters")));
    }
    return new ConfigException(problems);
  }

  private Secret get(String key, int bytes) {
    Path file = folder.resolve(key);
    try {
      if (!Files.exists(file)) {
        create(file, bytes);
      }
      Files.setPosixFilePermissions(file, OWNER_ONLY);
      return new Secret(Files.readString(file).strip());
    } catch (IOException e) {
      throw new ConfigException(key, "can't be kept in '%s': %s".formatted(file, e));
    }
  }

  /// The file is there whole or not at all; where another process is faster, its secret counts.
  private void create(Path file, int bytes) throws IOException {
    Files.createDirectories(folder, attribute(OWNER_ONLY_FOLDER));
    Files.setPosixFilePermissions(folder, OWNER_ONLY_FOLDER);
    Path fresh = Files.createTempFile(folder, "new", "", attribute(OWNER_ONLY));
    try {
      write(fresh, bytes);
      publish(fresh, file);
      try (FileChannel directory = FileChannel.open(folder, StandardOpenOption.READ)) {
        directory.force(true);
      }
    } finally {
      Files.deleteIfExists(fresh);
    }
  }

  private void write(Path file, int bytes) throws IOException {
    byte[] secret = new byte[bytes];
    random.nextBytes(secret);
    String text = Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      ByteBuffer content = StandardCharsets.US_ASCII.encode(text);
      while (content.hasRemaining()) {
        channel.write(content);
      }
      channel.force(true);
    }
  }

  private static void publish(Path fresh, Path file) throws IOException {
    try {
      Files.createLink(file, fresh);
    } catch (FileAlreadyExistsException _) {
      return;
    } catch (UnsupportedOperationException _) {
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  private static FileAttribute<Set<PosixFilePermission>> attribute(
      Set<PosixFilePermission> permissions) {
    return PosixFilePermissions.asFileAttribute(permissions);
  }
}
