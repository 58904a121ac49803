package io.reflow.gateway.identity;

import static io.reflow.gateway.identity.People.OTHER_SECRET;
import static io.reflow.gateway.identity.People.SECRET;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.config.GatewayConfig;
import io.reflow.gateway.config.Secret;
import io.reflow.gateway.identity.LoginTokens.Login;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class LoginTokensTest {

  private final SettableClock clock = new SettableClock();
  private final LoginTokens tokens = new LoginTokens(People.jwt(SECRET), clock);
  private final User ann = People.user("ann");

  @Test
  void acceptsWhatItIssued() {
    Login login = tokens.verify(tokens.issue(ann)).orElseThrow();

    assertThat(login.user()).isEqualTo(ann.id());
    assertThat(login.id().generation()).isZero();
    assertThat(login.scopes()).containsExactlyInAnyOrder(TokenScope.API, TokenScope.MCP);
  }

  @Test
  void givesAdminsTheScopeAdmin() {
    Login login = tokens.verify(tokens.issue(People.admin("root"))).orElseThrow();

    assertThat(login.scopes()).containsExactlyInAnyOrder(TokenScope.values());
  }

  @Test
  void namesEveryTokenDifferently() {
    assertThat(tokens.issue(ann)).isNotEqualTo(tokens.issue(ann));
  }

  @Test
  void lastsTwelveHoursAndThirtySeconds() {
    String token = tokens.issue(ann);

    clock.advance(Duration.ofHours(12).plusSeconds(29));
    assertThat(tokens.verify(token)).isPresent();

    clock.advance(Duration.ofSeconds(2));
    assertThat(tokens.verify(token)).isEmpty();
  }

  @Test
  void saysWhenAVerifiedTokenEnds() {
    Login login = tokens.verify(tokens.issue(ann)).orElseThrow();

    assertThat(login.ended(clock.instant().plus(Duration.ofHours(12)).plusSeconds(29))).isFalse();
    assertThat(login.ended(clock.instant().plus(Duration.ofHours(12)).plusSeconds(30))).isTrue();
  }

  @Test
  void stillVerifiesWithThePreviousSecret() {
    var rotated = new LoginTokens(People.jwt(OTHER_SECRET, Optional.of(SECRET)), clock);

    assertThat(rotated.verify(tokens.issue(ann))).isPresent();
    assertThat(rotated.verify(rotated.issue(ann))).isPresent();
    assertThat(tokens.verify(rotated.issue(ann))).isEmpty();
  }

  @Test
  void refusesToStartWithoutASecret() {
    assertThatThrownBy(() -> new LoginTokens(GatewayConfig.DEFAULTS.jwt(), clock))
        .hasMessageContaining("jwt.secret");
  }

  @Test
  void refusesToStartWithAShortSecret() {
    assertThatThrownBy(
            () -> new LoginTokens(People.jwt(SECRET, Optional.of(new Secret("too short"))), clock))
        .hasMessageContaining("jwt.previous-secret")
        .hasMessageNotContaining("too short");
  }

  @Test
  void acceptsAHandMadeTokenWithAllClaims() {
    assertThat(tokens.verify(signed(header(), payload()))).isPresent();
  }

  @ParameterizedTest
  @MethodSource("forgedHeaders")
  void rejectsAForgedHeader(UnaryOperator<String> forgery) {
    String header = forgery.apply(header());

    assertThat(header).isNotEqualTo(header());
    assertThat(tokens.verify(signed(header, payload()))).isEmpty();
  }

  static Stream<UnaryOperator<String>> forgedHeaders() {
    return Stream.of(
        header -> header.replace("HS256", "none"),
        header -> header.replace("HS256", "None"),
        header -> header.replace("HS256", "hs256"),
        header -> header.replace("HS256", "HS512"),
        header -> header.replace("HS256", "RS256"),
        header -> header.replaceFirst("\"alg\":\"HS256\",?", ""),
        header -> header.replaceFirst("\"kid\":\"[^\"]*\"", "\"kid\":\"other\""),
        header -> header.replaceFirst("\"kid\":\"[^\"]*\"", "\"kid\":7"),
        header -> header.replaceFirst(",?\"kid\":\"[^\"]*\"", ""),
        header -> header.replaceFirst("\\{", "{\"crit\":[\"exp\"],"),
        header -> header.replaceFirst("\\{", "{\"enc\":\"A128GCM\",\"crit\":[\"x\"],"),
        _ -> "[]",
        _ -> "",
        _ -> "null",
        header -> "[".repeat(1000) + header);
  }

  @ParameterizedTest
  @MethodSource("badPayloads")
  void rejectsASignedTokenWhoseClaimsAreNotOurs(UnaryOperator<String> change) {
    String payload = change.apply(payload());

    assertThat(payload).isNotEqualTo(payload());
    assertThat(tokens.verify(signed(header(), payload))).isEmpty();
  }

  static Stream<UnaryOperator<String>> badPayloads() {
    return Stream.of(
        payload -> payload.replaceFirst("\"exp\":\\d+,", ""),
        payload -> payload.replaceFirst("\"exp\":\\d+", "\"exp\":1"),
        payload -> payload.replaceFirst("\"exp\":\\d+", "\"exp\":\"never\""),
        payload -> payload.replaceFirst("\"iat\":\\d+,", ""),
        payload -> payload.replaceFirst("\"iat\":\\d+", "\"iat\":9999999999"),
        payload -> payload.replaceFirst("\\{", "{\"nbf\":9999999999,"),
        payload -> payload.replaceFirst("\"iss\":\"[^\"]*\",", ""),
        payload -> payload.replaceFirst("\"iss\":\"[^\"]*\"", "\"iss\":\"someone\""),
        payload -> payload.replaceFirst("\"aud\":\"[^\"]*\",", ""),
        payload -> payload.replaceFirst("\"aud\":\"[^\"]*\"", "\"aud\":\"someone\""),
        payload -> payload.replaceFirst("\"aud\":\"[^\"]*\"", "\"aud\":[]"),
        payload -> payload.replaceFirst("\"sub\":\"[^\"]*\",", ""),
        payload -> payload.replaceFirst("\"sub\":\"[^\"]*\"", "\"sub\":\"root\""),
        payload -> payload.replaceFirst("\"sub\":\"[^\"]*\"", "\"sub\":{}"),
        payload -> payload.replaceFirst("\"jti\":\"[^\"]*\",", ""),
        payload -> payload.replaceFirst("\"jti\":\"[^\"]*\"", "\"jti\":\"x.y\""),
        _ -> "[]",
        _ -> "7",
        _ -> "not json");
  }

  @Test
  void rejectsATokenOfAnotherKey() {
    var others = new LoginTokens(People.jwt(OTHER_SECRET), clock);

    assertThat(tokens.verify(others.issue(ann))).isEmpty();
  }

  @Test
  void rejectsATokenSignedWithAnotherKeyUnderOurKeyId() {
    assertThat(tokens.verify(signed(header(), payload(), OTHER_SECRET))).isEmpty();
  }

  @Test
  void rejectsAnUnsignedToken() {
    String none = header().replace("HS256", "none");

    assertThat(tokens.verify(base64(none) + "." + base64(payload()) + ".")).isEmpty();
    assertThat(tokens.verify(base64(header()) + "." + base64(payload()) + ".")).isEmpty();
    assertThat(tokens.verify(base64(header()) + "." + base64(payload()))).isEmpty();
  }

  @Test
  void rejectsARealRsaSignature() throws GeneralSecurityException {
    var pair = KeyPairGenerator.getInstance("RSA").generateKeyPair();
    String head = base64(header().replace("HS256", "RS256")) + "." + base64(payload());
    var signer = Signature.getInstance("SHA256withRSA");
    signer.initSign(pair.getPrivate());
    signer.update(head.getBytes(StandardCharsets.US_ASCII));

    assertThat(tokens.verify(head + "." + base64(signer.sign()))).isEmpty();
  }

  @Test
  void rejectsEveryTruncation() {
    String token = tokens.issue(ann);

    for (int length = 0; length < token.length(); length++) {
      assertThat(tokens.verify(token.substring(0, length))).isEmpty();
    }
  }

  @Test
  void rejectsAChangedPayloadUnderTheOldSignature() {
    String[] parts = tokens.issue(ann).split("\\.", -1);
    String forged = payload().replace(ann.id().toString(), People.admin("root").id().toString());

    assertThat(tokens.verify(parts[0] + "." + base64(forged) + "." + parts[2])).isEmpty();
  }

  @Test
  void rejectsAMegabyteAtOnce() {
    String token = tokens.issue(ann);

    assertThat(tokens.verify(token + "A".repeat(1 << 20))).isEmpty();
    assertThat(tokens.verify("A".repeat(1 << 20))).isEmpty();
    assertThat(tokens.verify(".".repeat(1 << 20))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "..", "...", "a.b.c", "\u0000.\u0000.\u0000", "ä.ö.ü", "a b c"})
  void rejectsWhatIsNoTokenAtAll(String text) {
    assertThat(tokens.verify(text)).isEmpty();
  }

  private String header() {
    return part(tokens.issue(ann), 0);
  }

  private String payload() {
    long now = clock.instant().getEpochSecond();
    return """
    {"iss":"reflow-gateway","aud":"reflow-gateway","sub":"%s","jti":"0.x","iat":%d,"exp":%d,\
    "scope":"api mcp"}\
    """
        .formatted(ann.id(), now, now + 3600);
  }

  private static String part(String token, int index) {
    byte[] bytes = Base64.getUrlDecoder().decode(token.split("\\.", -1)[index]);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static String signed(String header, String payload) {
    return signed(header, payload, SECRET);
  }

  private static String signed(String header, String payload, Secret secret) {
    String head = base64(header) + "." + base64(payload);
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret.reveal().getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
      return head + "." + base64(mac.doFinal(head.getBytes(StandardCharsets.US_ASCII)));
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private static String base64(String text) {
    return base64(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String base64(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}
