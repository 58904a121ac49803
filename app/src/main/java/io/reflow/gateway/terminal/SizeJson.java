package io.reflow.gateway.terminal;

import io.reflow.gateway.fault.GatewayException.InvalidRequest;

/// A later message of a client: the terminal has another size now.
public record SizeJson(int columns, int rows) {

  private static final int LARGEST = 1000;

  public SizeJson {
    columns = check("columns", columns);
    rows = check("rows", rows);
  }

  static int check(String field, int count) {
    if (count < 1 || count > LARGEST) {
      throw new InvalidRequest("%s must be 1 to %d".formatted(field, LARGEST));
    }
    return count;
  }
}
