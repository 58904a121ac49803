package io.reflow.gateway.protocol;

/// The bytes are not one unambiguous JSON-RPC message. The text says why and is fit for the sender.
public final class MalformedMessage extends Exception {

  private static final long serialVersionUID = 1;

  private final ErrorCode code;

  MalformedMessage(ErrorCode code, String why) {
    super(why, null, false, false);
    this.code = code;
  }

  /// [ErrorCode#PARSE_ERROR] where it is not JSON at all, else [ErrorCode#INVALID_REQUEST].
  public ErrorCode code() {
    return code;
  }

  public String why() {
    return String.valueOf(getMessage());
  }
}
