package io.reflow.gateway.credential;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.reflow.gateway.config.EncryptionConfig;
import io.reflow.gateway.config.Secret;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class VaultTest {

  private static final String KEY = "0123456789abcdef0123456789abcdef";
  private static final Secret VALUE = new Secret("s3cret-ü");

  @Test
  void opensWhatItSealed() {
    var vault = vault(KEY);

    assertThat(vault.open(vault.seal(VALUE, "t", "1"), "t", "1")).isEqualTo(VALUE);
  }

  @Test
  void sealsTheSameValueDifferentlyEachTime() {
    var vault = vault(KEY);

    assertThat(vault.seal(VALUE, "t").ciphertext())
        .isNotEqualTo(vault.seal(VALUE, "t").ciphertext());
  }

  @Test
  void movedCiphertextDoesNotOpen() {
    var vault = vault(KEY);
    Sealed sealed = vault.seal(VALUE, "env", "target-1", "user", "alice", "KEY");

    for (String[] place :
        new String[][] {
          {"env", "target-1", "user", "bob", "KEY"},
          {"env", "target-2", "user", "alice", "KEY"},
          {"env", "target-1", "user", "alice", "OTHER"},
          {"env", "target-1", "user", "aliceK", "EY"},
          {"env", "target-1", "user", "alice"},
          {}
        }) {
      assertThatExceptionOfType(VaultException.class).isThrownBy(() -> vault.open(sealed, place));
    }
  }

  @Test
  void changedCiphertextDoesNotOpen() {
    var vault = vault(KEY);
    Sealed sealed = vault.seal(VALUE, "t");
    for (int i = 0; i < sealed.ciphertext().length; i++) {
      byte[] changed = sealed.ciphertext().clone();
      changed[i] ^= 1;
      var forged = new Sealed(sealed.keyId(), changed);
      assertThatExceptionOfType(VaultException.class).isThrownBy(() -> vault.open(forged, "t"));
    }
    var cut = new Sealed(sealed.keyId(), new byte[3]);
    assertThatExceptionOfType(VaultException.class).isThrownBy(() -> vault.open(cut, "t"));
  }

  @Test
  void keysRotateInTwoSteps() {
    var old = vault(entry("k1", 1));
    var between = new Vault(keys(entry("k1", 1), entry("k2", 2)));
    var turned = new Vault(keys(entry("k2", 2), entry("k1", 1)));
    var last = new Vault(keys(entry("k2", 2)));
    Sealed before = new Vault(keys(entry("k1", 1))).seal(VALUE, "t");

    Sealed after = turned.seal(VALUE, "t");

    assertThat(old).isNotNull();
    assertThat(after.keyId()).isEqualTo("k2");
    assertThat(between.open(after, "t")).isEqualTo(VALUE);
    assertThat(turned.open(before, "t")).isEqualTo(VALUE);
    assertThat(last.open(after, "t")).isEqualTo(VALUE);
    assertThatExceptionOfType(VaultException.class)
        .isThrownBy(() -> last.open(before, "t"))
        .withMessageContaining("k1");
  }

  @Test
  void singleKeyBecomesTheOldOneWhenKeysAreSet() {
    Sealed before = vault(KEY).seal(VALUE, "t");
    var both =
        new Vault(
            new EncryptionConfig(Optional.of(new Secret(KEY)), List.of(secret(entry("k2", 2)))));

    assertThat(both.open(before, "t")).isEqualTo(VALUE);
    assertThat(both.seal(VALUE, "t").keyId()).isEqualTo("k2");
  }

  @Test
  void otherKeyDoesNotOpen() {
    Sealed sealed = vault(KEY).seal(VALUE, "t");

    assertThatExceptionOfType(VaultException.class)
        .isThrownBy(() -> vault(KEY.toUpperCase(Locale.ROOT)).open(sealed, "t"));
  }

  @Test
  void configurationErrorsNameTheKey() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Vault(new EncryptionConfig(Optional.empty(), List.of())))
        .withMessageContaining("encryption.key");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> vault("short"))
        .withMessageContaining("encryption.key")
        .withMessageContaining("32")
        .withMessageNotContaining("short");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Vault(keys("nonsense")))
        .withMessageContaining("encryption.keys")
        .withMessageNotContaining("nonsense");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Vault(keys("k1:AAAA")))
        .withMessageContaining("encryption.keys");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Vault(keys(entry("k1", 1), entry("k1", 2))))
        .withMessageContaining("encryption.keys");
  }

  private static Vault vault(String key) {
    return key.contains(":")
        ? new Vault(keys(key))
        : new Vault(new EncryptionConfig(Optional.of(new Secret(key)), List.of()));
  }

  private static EncryptionConfig keys(String... entries) {
    return new EncryptionConfig(
        Optional.empty(), Stream.of(entries).map(VaultTest::secret).toList());
  }

  private static Secret secret(String value) {
    return new Secret(value);
  }

  private static String entry(String id, int fill) {
    byte[] key = new byte[32];
    Arrays.fill(key, (byte) fill);
    return id + ":" + Base64.getEncoder().encodeToString(key);
  }
}
