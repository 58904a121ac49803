package io.reflow.gateway.audit;

import java.nio.ByteBuffer;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// A row as its seal sees it: the bytes of its fields, as COPY writes and reads them. Fields behind
/// the last that is not null are left out.
final class ChainRow {

  /// Behind the length and value of the replica, each field has a length of four bytes.
  private static final int TIME = 24;

  private static final int SEQUENCE = 36;

  private final byte[] fields;
  private final long position;
  private final byte @Nullable [] mac;

  private ChainRow(byte[] fields, long position, byte @Nullable [] mac) {
    this.fields = fields;
    this.position = position;
    this.mac = mac;
  }

  /// Reads one row: the sealed columns, then its place in the chain and its seal.
  static ChainRow read(ByteBuffer tuple) {
    int count = tuple.getShort();
    int start = tuple.position();
    int present = start;
    for (int i = 0; i < count - 2; i++) {
      int length = tuple.getInt();
      if (length >= 0) {
        tuple.position(tuple.position() + length);
        present = tuple.position();
      }
    }
    byte[] fields = new byte[present - start];
    tuple.get(start, fields);
    int _ = tuple.getInt();
    long position = tuple.getLong();
    int macLength = tuple.getInt();
    byte[] mac = null;
    if (macLength >= 0) {
      mac = new byte[macLength];
      tuple.get(mac);
    }
    return new ChainRow(fields, position, mac);
  }

  byte[] fields() {
    return fields;
  }

  long position() {
    return position;
  }

  /// Null where it was taken away.
  byte @Nullable [] mac() {
    return mac;
  }

  Instant time() {
    return CopyRows.instant(ByteBuffer.wrap(fields).getLong(TIME));
  }

  long sequence() {
    return ByteBuffer.wrap(fields).getLong(SEQUENCE);
  }
}
