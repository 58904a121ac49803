package io.reflow.gateway.audit;

/// How far a chain of rows has come: the place of its last row, from 1, and the seal of that row.
record ChainHead(long position, ChainSeal seal) {

  /// Before the first row.
  static final ChainHead NONE = new ChainHead(0, ChainSeal.NONE);

  ChainHead(long position, byte[] mac) {
    this(position, new ChainSeal(mac));
  }

  byte[] mac() {
    return seal.bytes();
  }
}
