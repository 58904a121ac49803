package io.reflow.gateway.audit;

import java.util.Arrays;

/// The seal of a row or a signature, see [ChainKeys]. Nobody changes its bytes.
final class ChainSeal {

  /// Before the first.
  static final ChainSeal NONE = new ChainSeal(new byte[ChainKeys.SEAL_BYTES]);

  private final byte[] bytes;

  ChainSeal(byte[] bytes) {
    this.bytes = bytes;
  }

  byte[] bytes() {
    return bytes;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ChainSeal that && Arrays.equals(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }
}
