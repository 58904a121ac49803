package io.reflow.gateway.config;

/// A number of bytes; written as `512`, `16KiB` or `8MiB` in the configuration.
public record DataSize(long bytes) {

  public static DataSize ofKibibytes(long kibibytes) {
    return new DataSize(kibibytes << 10);
  }

  public static DataSize ofMebibytes(long mebibytes) {
    return new DataSize(mebibytes << 20);
  }

  public int toInt() {
    return Math.toIntExact(bytes);
  }

  /// As it is written in the configuration.
  @Override
  public String toString() {
    if (bytes > 0 && bytes % (1 << 20) == 0) {
      return (bytes >> 20) + "MiB";
    }
    return bytes > 0 && bytes % (1 << 10) == 0 ? (bytes >> 10) + "KiB" : Long.toString(bytes);
  }
}
