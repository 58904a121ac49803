package io.reflow.gateway.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.fault.GatewayException.Overloaded;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PasswordHashTest {

  private final PasswordHash passwords = new PasswordHash(1);

  @AfterEach
  void close() {
    passwords.close();
  }

  @Test
  void recognisesThePasswordAndNoOther() throws InterruptedException {
    Optional<String> stored = Optional.of(passwords.hash("correct horse"));

    assertThat(passwords.verify("correct horse", stored)).isTrue();
    assertThat(passwords.verify("correct horsf", stored)).isFalse();
    assertThat(passwords.verify("", stored)).isFalse();
  }

  @Test
  void writesThePhcFormatWithItsCosts() throws InterruptedException {
    assertThat(passwords.hash("correct horse"))
        .matches("\\$argon2id\\$v=19\\$m=19456,t=2,p=1\\$[A-Za-z0-9+/]{22}\\$[A-Za-z0-9+/]{43}");
  }

  @Test
  void saltsEveryHash() throws InterruptedException {
    assertThat(passwords.hash("correct horse")).isNotEqualTo(passwords.hash("correct horse"));
  }

  /// From the reference implementation: `echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1`.
  @Test
  void verifiesHashesOfOtherCosts() throws InterruptedException {
    String reference =
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ"
            + "$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

    assertThat(passwords.verify("password", Optional.of(reference))).isTrue();
    assertThat(passwords.verify("passwort", Optional.of(reference))).isFalse();
  }

  @Test
  void matchesNobodyWithoutAStoredHash() throws InterruptedException {
    assertThat(passwords.verify("", Optional.empty())).isFalse();
    assertThat(passwords.verify("correct horse", Optional.empty())).isFalse();
  }

  @Test
  void refusesAStoredHashOfAnotherKind() {
    assertThatThrownBy(() -> passwords.verify("x", Optional.of("$2a$10$abcdefghijklmnopqrstuv")))
        .hasRootCauseMessage("a stored password hash is not Argon2id in PHC format");
  }

  @Test
  void sendsCallersAwayWhenTooManyAreComputed() throws InterruptedException {
    var outcomes = new ArrayList<Throwable>();

    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<String>> work = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        work.add(() -> passwords.hash("correct horse"));
      }
      for (Future<String> result : threads.invokeAll(work)) {
        try {
          assertThat(result.get()).startsWith("$argon2id$");
        } catch (ExecutionException e) {
          outcomes.add(e.getCause());
        }
      }
    }

    assertThat(outcomes).isNotEmpty().hasSizeLessThan(200).hasOnlyElementsOfType(Overloaded.class);
    assertThat(passwords.hash("correct horse")).isNotEmpty();
  }
}
