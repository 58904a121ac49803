package io.reflow.gateway.identity;

import io.helidon.security.jwt.ExpirationValidator;
import io.helidon.security.jwt.IssueTimeValidator;
import io.helidon.security.jwt.Jwt;
import io.helidon.security.jwt.JwtHeaders;
import io.helidon.security.jwt.JwtValidator;
import io.helidon.security.jwt.NotBeforeValidator;
import io.helidon.security.jwt.SignedJwt;
import io.helidon.security.jwt.jwk.JwkKeys;
import io.helidon.security.jwt.jwk.JwkOctet;
import io.reflow.gateway.config.JwtConfig;
import io.reflow.gateway.config.Secret;
import jakarta.json.Json;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// Issues and checks the tokens of logins: JWTs signed with HS256.
///
/// Two keys may count at a time, so that the secret can be changed: the present one signs, the
/// previous one still verifies. A key's id is derived from its secret.
public final class LoginTokens {

  private static final String ALGORITHM = JwkOctet.ALG_HS256;
  private static final int MIN_SECRET_BYTES = 32;
  private static final int MAX_LENGTH = 2048;

  private final JwtConfig config;
  private final InstantSource clock;
  private final JwkOctet signingKey;
  private final JwkKeys keys;

  /// @throws IllegalArgumentException naming the key, when a secret is missing or too short
  public LoginTokens(JwtConfig config, InstantSource clock) {
    this.config = config;
    this.clock = clock;
    Secret secret =
        config.secret().orElseThrow(() -> new IllegalArgumentException("jwt.secret is not set"));
    this.signingKey = key("jwt.secret", secret);
    var all = JwkKeys.builder().addKey(signingKey);
    config.previousSecret().ifPresent(it -> all.addKey(key("jwt.previous-secret", it)));
    this.keys = all.build();
  }

  /// A login token that counts until it ends, as long as its user does.
  record Login(LoginId id, UserId user, Set<TokenScope> scopes, Instant end) {

    Login {
      scopes = Set.copyOf(scopes);
    }

    boolean ended(Instant now) {
      return !now.isBefore(end);
    }
  }

  /// Whether it can be one of these: asked before anything is computed from it.
  static boolean plausible(String token) {
    return token.length() <= MAX_LENGTH;
  }

  String issue(User user) {
    Instant now = clock.instant();
    Jwt.Builder jwt =
        Jwt.builder()
            .algorithm(ALGORITHM)
            .type("JWT")
            .keyId(signingKey.keyId())
            .issuer(config.issuer())
            .audience(List.of(config.audience()))
            .subject(user.id().toString())
            .jwtId(LoginId.next(user.loginGeneration()).toString())
            .issueTime(now)
            .expirationTime(now.plus(config.lifetime()));
    scopes(user).forEach(scope -> jwt.addScope(scope.wireName()));
    return SignedJwt.sign(jwt.build(), signingKey).tokenContent();
  }

  private static List<TokenScope> scopes(User user) {
    return user.identity().admin()
        ? List.of(TokenScope.API, TokenScope.MCP, TokenScope.ADMIN)
        : List.of(TokenScope.API, TokenScope.MCP);
  }

  /// The login that the token stands for; empty if it was not issued here or has expired.
  Optional<Login> verify(String token) {
    if (!plausible(token)) {
      return Optional.empty();
    }
    try {
      return verified(token)
          .filter(jwt -> validator().validate(jwt).isValid())
          .flatMap(this::login);
    } catch (RuntimeException _) {
      // The parser has many ways to say that it is no JWT.
      return Optional.empty();
    }
  }

  /// The header decides nothing: it may only name our algorithm and one of our keys.
  private Optional<Jwt> verified(String token) {
    JwtHeaders headers = JwtHeaders.parseToken(token);
    boolean ours =
        headers.algorithm().filter(ALGORITHM::equals).isPresent()
            && headers.keyId().flatMap(keys::forKeyId).isPresent();
    if (!ours) {
      return Optional.empty();
    }
    SignedJwt signed = SignedJwt.parseToken(headers, token);
    return signed.verifySignature(keys).isValid() ? Optional.of(signed.getJwt()) : Optional.empty();
  }

  private JwtValidator validator() {
    Instant now = clock.instant();
    return JwtValidator.builder()
        .addCriticalValidator()
        .addIssuerValidator(config.issuer(), true)
        .addAudienceValidator(Set.of(config.audience()))
        .addClaimValidator(
            ExpirationValidator.builder()
                .now(now)
                .allowedTimeSkew(config.leeway())
                .mandatory(true)
                .build())
        .addClaimValidator(
            IssueTimeValidator.builder()
                .now(now)
                .allowedTimeSkew(config.leeway())
                .mandatory(true)
                .build())
        .addClaimValidator(
            NotBeforeValidator.builder().now(now).allowedTimeSkew(config.leeway()).build())
        .build();
  }

  private Optional<Login> login(Jwt jwt) {
    Optional<UserId> user = jwt.subject().map(subject -> new UserId(UUID.fromString(subject)));
    Optional<LoginId> id = jwt.jwtId().flatMap(LoginId::parse);
    if (user.isEmpty() || id.isEmpty() || jwt.audience().isEmpty()) {
      return Optional.empty();
    }
    Set<TokenScope> scopes =
        jwt.scopes().orElse(List.of()).stream()
            .flatMap(scope -> TokenScope.find(scope).stream())
            .collect(Collectors.toSet());
    return jwt.expirationTime()
        .map(end -> new Login(id.get(), user.get(), scopes, end.plus(config.leeway())));
  }

  private static JwkOctet key(String name, Secret secret) {
    byte[] bytes = secret.reveal().getBytes(StandardCharsets.UTF_8);
    if (bytes.length < MIN_SECRET_BYTES) {
      throw new IllegalArgumentException(
          "%s must have at least %d bytes".formatted(name, MIN_SECRET_BYTES));
    }
    return JwkOctet.create(
        Json.createObjectBuilder()
            .add("kty", "oct")
            .add("kid", keyId(bytes))
            .add("alg", ALGORITHM)
            .add("k", Base64.getUrlEncoder().withoutPadding().encodeToString(bytes))
            .build());
  }

  private static String keyId(byte[] secret) {
    try {
      Mac hmac = Mac.getInstance("HmacSHA256");
      hmac.init(new SecretKeySpec(secret, "HmacSHA256"));
      byte[] digest = hmac.doFinal("key id".getBytes(StandardCharsets.UTF_8));
      return Base64.getUrlEncoder().withoutPadding().encodeToString(Arrays.copyOf(digest, 9));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has HmacSHA256", e);
    }
  }
}
