package io.reflow.gateway.identity;

import io.reflow.gateway.config.JwtConfig;
import io.reflow.gateway.config.Secret;
import io.reflow.gateway.database.Snapshot;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// Who the bearer of a token is that has been seen before.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class TokenCheck {

  private static final InstantSource CLOCK = InstantSource.system();
  private static final JwtConfig JWT =
      new JwtConfig(
          Optional.of(new Secret("a secret of benchmarks, as long as it needs to be")),
          Optional.empty(),
          "reflow-gateway",
          "reflow-gateway",
          Duration.ofHours(12),
          Duration.ofSeconds(30));

  private final User user =
      new User(
          new Identity(new UserId(UUID.randomUUID()), "dev@example.com", "user", Set.of("ops")),
          true,
          0,
          Optional.empty(),
          Instant.EPOCH,
          Instant.EPOCH);
  private final String apiToken = ApiToken.newText();
  private final ApiToken token =
      new ApiToken(
          UUID.randomUUID(),
          user.id(),
          "benchmark",
          TokenDigest.of(apiToken),
          Set.of(TokenScope.MCP),
          Instant.EPOCH,
          Optional.empty());
  private final LoginTokens logins = new LoginTokens(JWT, CLOCK);
  private final Identities identities =
      new Identities(
          new Snapshot<>(
              IdentitySnapshot.NOT_LOADED,
              () -> new IdentitySnapshot(List.of(user), List.of(token))));
  private final TokenUse use = new TokenUse(_ -> {}, CLOCK);
  private final Authenticator authenticator = new Authenticator(logins, identities, use, CLOCK);
  private final Optional<String> apiBearer = Optional.of(apiToken);
  private final Optional<String> loginBearer;

  public TokenCheck() {
    identities.reload();
    loginBearer = Optional.of(logins.issue(user));
  }

  @Benchmark
  public Authentication ofAnApiToken() {
    return authenticator.authenticate(apiBearer);
  }

  @Benchmark
  public Authentication ofALoginToken() {
    return authenticator.authenticate(loginBearer);
  }

  @TearDown
  public void close() {
    use.close();
  }
}
