package io.reflow.gateway.protocol;

/// The JSON-RPC error codes that the gateway itself answers with.
public enum ErrorCode {
  PARSE_ERROR(-32700),
  INVALID_REQUEST(-32600),
  METHOD_NOT_FOUND(-32601),
  INVALID_PARAMS(-32602),
  INTERNAL_ERROR(-32603),

  /// Only in the `initialize` era; later it is [#INVALID_PARAMS] with the URI as its data.
  RESOURCE_NOT_FOUND(-32002),

  /// A header says something else than the body.
  HEADER_MISMATCH(-32020),

  /// The client has not declared what the call needs.
  MISSING_CAPABILITY(-32021),

  /// No such revision, or none that requests of this form are of.
  UNSUPPORTED_VERSION(-32022);

  private final int value;

  ErrorCode(int value) {
    this.value = value;
  }

  public int value() {
    return value;
  }
}
