package io.reflow.gateway.http;

/// Who may use a route.
public enum Access {
  /// Anybody, without a token.
  PUBLIC,
  /// Any user with a token of scope `api`.
  USER,
  /// Admins with a token of scope `admin`.
  ADMIN
}
