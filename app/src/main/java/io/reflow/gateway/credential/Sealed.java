package io.reflow.gateway.credential;

import java.util.Arrays;
import java.util.Objects;

/// An encrypted value as it lies in the database, and the id of the key that opens it.
final class Sealed {

  private final String keyId;
  private final byte[] ciphertext;

  /// Takes over the array.
  Sealed(String keyId, byte[] ciphertext) {
    this.keyId = keyId;
    this.ciphertext = ciphertext;
  }

  String keyId() {
    return keyId;
  }

  /// The array itself.
  byte[] ciphertext() {
    return ciphertext;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Sealed that
        && keyId.equals(that.keyId)
        && Arrays.equals(ciphertext, that.ciphertext);
  }

  @Override
  public int hashCode() {
    return Objects.hash(keyId, Arrays.hashCode(ciphertext));
  }

  @Override
  public String toString() {
    return "Sealed[" + keyId + "]";
  }
}
