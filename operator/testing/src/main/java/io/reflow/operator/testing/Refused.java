package io.reflow.operator.testing;

/// What the API server answers instead of doing as it was told.
final class Refused extends RuntimeException {

  private static final long serialVersionUID = 1;

  final int code;
  final String reason;

  Refused(int code, String reason, String message) {
    super(message);
    this.code = code;
    this.reason = reason;
  }

  static Refused notFound(Kind kind, String name) {
    return new Refused(404, "NotFound", kind.plural + " \"" + name + "\" not found");
  }

  static Refused conflict(String message) {
    return new Refused(409, "Conflict", message);
  }

  static Refused invalid(String message) {
    return new Refused(422, "Invalid", message);
  }
}
