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
}
