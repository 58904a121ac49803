package io.reflow.gateway.fault;

import java.time.Duration;
import java.util.List;

/// Every way in which the gateway refuses or fails a call.
///
/// The family is closed: whoever adds a member must say, in each renderer, what clients see. The
/// reason is fit for the client's eyes: never a stack trace, an SQL text or a secret.
public abstract sealed class GatewayException extends RuntimeException {

  private static final long serialVersionUID = 1;

  private final String reason;

  private GatewayException(String reason) {
    super(reason);
    this.reason = reason;
  }

  private GatewayException(String reason, Throwable cause) {
    super(reason, cause);
    this.reason = reason;
  }

  public String reason() {
    return reason;
  }

  /// The request itself is malformed or names something that can't be: the caller must change it.
  public static final class InvalidRequest extends GatewayException {
    public InvalidRequest(String reason) {
      super(reason);
    }
  }

  /// The bytes are not JSON at all.
  public static final class NotJson extends GatewayException {
    public NotJson(String reason) {
      super(reason);
    }
  }

  /// The message is sound, but its parameters are not what the method takes.
  public static final class InvalidParams extends GatewayException {
    public InvalidParams(String reason) {
      super(reason);
    }
  }

  /// The request lacks what each request has to say of its client.
  public static final class IncompleteEnvelope extends GatewayException {
    public IncompleteEnvelope(String reason) {
      super(reason);
    }
  }

  /// A header does not say what the body says.
  public static final class HeaderMismatch extends GatewayException {
    public HeaderMismatch(String reason) {
      super(reason);
    }
  }

  /// The revision of the protocol that the request is of is not served in this form.
  public static final class UnsupportedVersion extends GatewayException {
    private final String requested;
    private final transient List<String> supported;

    public UnsupportedVersion(String requested, List<String> supported) {
      super("Unsupported protocol version");
      this.requested = requested;
      this.supported = List.copyOf(supported);
    }

    public String requested() {
      return requested;
    }

    public List<String> supported() {
      return supported;
    }
  }

  /// The call can't go on with a client that has not declared what is needed.
  public static final class MissingCapability extends GatewayException {
    private final String required;

    /// @param required the capabilities that are needed, as a JSON object
    public MissingCapability(String reason, String required) {
      super(reason);
      this.required = required;
    }

    public String required() {
      return required;
    }
  }

  /// No token, or one that does not count.
  public static final class NotAuthenticated extends GatewayException {
    public NotAuthenticated(String reason) {
      super(reason);
    }
  }

  /// The caller is known and may not do this. Never used where the existence of a thing is to be
  /// hidden: that is [NotFound].
  public static final class NotPermitted extends GatewayException {
    public NotPermitted(String reason) {
      super(reason);
    }
  }

  /// The thing does not exist, or the caller is not to know that it does.
  public static final class NotFound extends GatewayException {
    public NotFound(String reason) {
      super(reason);
    }
  }

  /// No target has a resource of this URI that the caller may read.
  public static final class ResourceNotFound extends GatewayException {
    private final String uri;

    public ResourceNotFound(String uri) {
      super("Resource not found: " + uri);
      this.uri = uri;
    }

    public String uri() {
      return uri;
    }
  }

  /// A method that the gateway, or the target in question, does not offer.
  public static final class MethodNotFound extends GatewayException {
    public MethodNotFound(String reason) {
      super(reason);
    }
  }

  /// The state of things does not allow it: a taken name, the last admin.
  public static final class Conflict extends GatewayException {
    public Conflict(String reason) {
      super(reason);
    }
  }

  /// The body is larger than allowed.
  public static final class TooLarge extends GatewayException {
    public TooLarge(String reason) {
      super(reason);
    }
  }

  /// A limit is reached; the caller may try again after `retryAfter`.
  public static final class Overloaded extends GatewayException {
    private final Duration retryAfter;

    public Overloaded(String reason, Duration retryAfter) {
      super(reason);
      this.retryAfter = retryAfter;
    }

    public Duration retryAfter() {
      return retryAfter;
    }
  }

  /// Something the gateway needs (its database, its audit journal) is away for now.
  public static final class Unavailable extends GatewayException {
    private final Duration retryAfter;

    public Unavailable(String reason, Duration retryAfter) {
      super(reason);
      this.retryAfter = retryAfter;
    }

    public Duration retryAfter() {
      return retryAfter;
    }
  }

  /// A target needs a credential that nobody has stored for the caller. The reason says who can set
  /// it, and where.
  public static final class CredentialMissing extends GatewayException {
    public CredentialMissing(String reason) {
      super(reason);
    }
  }

  /// A target could not be reached, did not answer in time, or answered with garbage. The reason
  /// names the target and says what happened.
  public static final class UpstreamFailed extends GatewayException {
    public UpstreamFailed(String target, String what) {
      super("target '%s' %s".formatted(target, what));
    }

    public UpstreamFailed(String target, String what, Throwable cause) {
      super("target '%s' %s".formatted(target, what), cause);
    }

    private UpstreamFailed(List<String> reasons) {
      super(String.join("; ", reasons));
    }

    /// The failures of several targets as one.
    public static UpstreamFailed all(List<String> reasons) {
      return new UpstreamFailed(reasons);
    }
  }
}
