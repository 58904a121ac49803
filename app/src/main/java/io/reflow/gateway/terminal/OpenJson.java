package io.reflow.gateway.terminal;

import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import org.jspecify.annotations.Nullable;

/// The first message of a client: who it is, and which instance's surroundings it wants.
///
/// @param instance as the list of instances names it, for who wants to be sure; the one that serves
///   the caller by default
public record OpenJson(
    String token,
    String password,
    @Nullable String instance,
    @Nullable Integer columns,
    @Nullable Integer rows) {

  private static final int COLUMNS = 80;
  private static final int ROWS = 24;

  public OpenJson {
    if (token == null || password == null) {
      throw new InvalidRequest("token and password are needed");
    }
    columns = columns == null ? COLUMNS : SizeJson.check("columns", columns);
    rows = rows == null ? ROWS : SizeJson.check("rows", rows);
  }

  @Override
  public String toString() {
    return "OpenJson[redacted]";
  }
}
