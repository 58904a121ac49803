package io.reflow.gateway.identity;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters;

/// A password's Argon2id hash with its salt and costs. Its text is the PHC format
/// (`$argon2id$v=19$m=<KiB>,t=<passes>,p=<lanes>$<salt>$<hash>`), so old hashes still count when
/// the costs of new ones are raised.
final class Argon2Hash {

  static final int SALT_BYTES = 16;

  private static final int HASH_BYTES = 32;

  /// What a hash costs: memory in KiB, passes over it, lanes.
  record Costs(int memoryKib, int passes, int lanes) {

    /// What OWASP recommends at least.
    static final Costs RECOMMENDED = new Costs(19 * 1024, 2, 1);
  }

  private final Costs costs;
  private final byte[] salt;
  private final byte[] hash;

  private Argon2Hash(Costs costs, byte[] salt, byte[] hash) {
    this.costs = costs;
    this.salt = salt;
    this.hash = hash;
  }

  static Argon2Hash compute(String password, byte[] salt, Costs costs) {
    return new Argon2Hash(costs, salt, argon2id(password, salt, costs, HASH_BYTES));
  }

  /// Belongs to no password, and takes as long to compare as one that does.
  static Argon2Hash nobodys(Costs costs) {
    return new Argon2Hash(costs, new byte[SALT_BYTES], new byte[HASH_BYTES]);
  }

  /// @throws IllegalStateException when it is not such a text
  static Argon2Hash parse(String text) {
    String[] parts = text.split("\\$", -1);
    if (parts.length != 6 || !parts[1].equals("argon2id") || !parts[2].equals("v=19")) {
      throw new IllegalStateException("a stored password hash is not Argon2id in PHC format");
    }
    String[] costs = parts[3].split(",", -1);
    return new Argon2Hash(
        new Costs(cost(costs, 0, "m="), cost(costs, 1, "t="), cost(costs, 2, "p=")),
        Base64.getDecoder().decode(parts[4]),
        Base64.getDecoder().decode(parts[5]));
  }

  private static int cost(String[] costs, int index, String name) {
    if (costs.length != 3 || !costs[index].startsWith(name)) {
      throw new IllegalStateException("a stored password hash lacks the cost " + name);
    }
    return Integer.parseInt(costs[index].substring(name.length()));
  }

  /// In constant time.
  boolean matches(String password) {
    return MessageDigest.isEqual(hash, argon2id(password, salt, costs, hash.length));
  }

  private static byte[] argon2id(String password, byte[] salt, Costs costs, int length) {
    var argon2 = new Argon2BytesGenerator();
    argon2.init(
        new Argon2Parameters.Builder(Argon2Parameters.ARGON2_id)
            .withVersion(Argon2Parameters.ARGON2_VERSION_13)
            .withMemoryAsKB(costs.memoryKib())
            .withIterations(costs.passes())
            .withParallelism(costs.lanes())
            .withSalt(salt)
            .build());
    byte[] hash = new byte[length];
    argon2.generateBytes(password.getBytes(StandardCharsets.UTF_8), hash);
    return hash;
  }

  @Override
  public String toString() {
    Base64.Encoder base64 = Base64.getEncoder().withoutPadding();
    return "$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s"
        .formatted(
            costs.memoryKib(),
            costs.passes(),
            costs.lanes(),
            base64.encodeToString(salt),
            base64.encodeToString(hash));
  }
}
