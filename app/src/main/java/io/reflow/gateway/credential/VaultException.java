package io.reflow.gateway.credential;

/// A sealed value that does not open. Says which key it asks for, and nothing of its content.
public abstract sealed class VaultException extends RuntimeException {

  private static final long serialVersionUID = 1;

  private VaultException(String message) {
    super(message);
  }

  /// The key that sealed it is not configured.
  static final class UnknownKey extends VaultException {
    UnknownKey(String keyId) {
      super("it was encrypted with key '" + keyId + "', which is not configured");
    }
  }

  /// The key of that id has other bytes now, or the value was moved from another place.
  static final class WrongKey extends VaultException {
    WrongKey(String keyId) {
      super("key '" + keyId + "' does not open it");
    }
  }
}
