package io.reflow.gateway.protocol;

/// The JSON-RPC error codes that the gateway itself answers with.
public enum ErrorCode {
  PARSE_ERROR(-32700),
  INVALID_REQUEST(-32600),
  METHOD_NOT_FOUND(-32601),
  INVALID_PARAMS(-32602),
  INTERNAL_ERROR(-32603),
  RESOURCE_NOT_FOUND(-32002);

  private final int value;

  ErrorCode(int value) {
    this.value = value;
  }

  public int value() {
    return value;
  }
}
