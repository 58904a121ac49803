package io.reflow.gateway.identity;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.identity.LoginTokens.Login;
import java.time.Instant;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class VerifiedLoginsTest {

  private static final Login LOGIN =
      new Login(LoginId.next(0), new UserId(UUID.randomUUID()), Set.of(), Instant.MAX);

  private final VerifiedLogins verified = new VerifiedLogins(10);

  @Test
  void findsWhatWasPut() {
    verified.put(digest(1), LOGIN);

    assertThat(verified.find(digest(1))).isSameAs(LOGIN);
    assertThat(verified.find(digest(2))).isNull();
  }

  @Test
  void staysWithinItsBounds() {
    for (int i = 0; i < 1000; i++) {
      verified.put(digest(i), LOGIN);
      assertThat(verified.size()).isLessThanOrEqualTo(10);
    }
    assertThat(verified.find(digest(999))).isSameAs(LOGIN);
    assertThat(verified.find(digest(0))).isNull();
  }

  @Test
  void keepsWhatIsAskedFor() {
    for (int i = 0; i < 1000; i++) {
      verified.put(digest(i), LOGIN);
      verified.put(digest(0), LOGIN);
      assertThat(verified.find(digest(0))).isSameAs(LOGIN);
    }
  }

  private static TokenDigest digest(int number) {
    return TokenDigest.of(Integer.toString(number));
  }
}
