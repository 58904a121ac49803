package io.reflow.gateway.identity;

import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.fault.GatewayException.NotFound;
import io.reflow.gateway.fault.GatewayException.NotPermitted;
import io.reflow.gateway.http.Exchange;
import io.reflow.gateway.identity.Authentication.Authenticated;
import io.reflow.gateway.identity.Authentication.Kind;
import io.reflow.gateway.identity.TokenStore.Listed;
import jakarta.json.bind.annotation.JsonbNillable;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The caller's API tokens. A token's text is shown once, when it is made.
public final class TokenRoutes {

  private static final int DEFAULT_DAYS = 90;
  private static final int MAX_DAYS = 3650;

  private final TokenStore tokens;
  private final Identities identities;
  private final InstantSource clock;

  public TokenRoutes(TokenStore tokens, Identities identities, InstantSource clock) {
    this.tokens = tokens;
    this.identities = identities;
    this.clock = clock;
  }

  public record NewTokenJson(
      String name, @Nullable List<@Nullable String> scopes, @Nullable Integer expiresInDays) {

    public NewTokenJson {
      name = IdentityRules.tokenName(name);
    }

    /// 0 means never.
    int days() {
      int days = expiresInDays == null ? DEFAULT_DAYS : expiresInDays;
      if (days < 0 || days > MAX_DAYS) {
        throw new InvalidRequest(
            "the field 'expires_in_days' must be 0 (never) to %d".formatted(MAX_DAYS));
      }
      return days;
    }

    Set<TokenScope> tokenScopes() {
      if (scopes == null) {
        return Set.of(TokenScope.MCP);
      }
      var result = EnumSet.noneOf(TokenScope.class);
      scopes.forEach(scope -> result.add(tokenScope(scope)));
      if (result.isEmpty()) {
        throw new InvalidRequest("the field 'scopes' must not be empty");
      }
      return result;
    }

    private static TokenScope tokenScope(@Nullable String name) {
      return Optional.ofNullable(name)
          .flatMap(TokenScope::find)
          .orElseThrow(
              () -> new InvalidRequest("the field 'scopes' may hold 'mcp', 'api' and 'admin'"));
    }
  }

  @JsonbNillable
  public record ApiTokenJson(
      String id,
      String name,
      List<String> scopes,
      Instant createdAt,
      @Nullable Instant expiresAt,
      @Nullable Instant lastUsedAt) {

    static ApiTokenJson of(Listed listed) {
      ApiToken token = listed.token();
      return new ApiTokenJson(
          token.id().toString(),
          token.name(),
          token.scopes().stream().sorted().map(TokenScope::wireName).toList(),
          token.createdAt(),
          token.expiresAt().orElse(null),
          listed.lastUsedAt().orElse(null));
    }
  }

  public record CreatedTokenJson(ApiTokenJson apiToken, String token) {

    @Override
    public String toString() {
      return "CreatedTokenJson[" + apiToken + "]";
    }
  }

  public void list(Exchange<Authenticated> exchange) {
    UserId user = exchange.caller().identity().user();
    exchange.ok(tokens.list(user).stream().map(ApiTokenJson::of).toList());
  }

  public void create(Exchange<Authenticated> exchange) {
    exchange.created(create(exchange.caller(), exchange.body(NewTokenJson.class)));
  }

  /// Makes a token for a caller who has logged in.
  ///
  /// @throws NotPermitted where the caller came with an API token, or wants more than they may do
  public CreatedTokenJson create(Authenticated caller, NewTokenJson wanted) {
    if (caller.kind() != Kind.LOGIN) {
      throw new NotPermitted("an API token can't make tokens; log in for that");
    }
    Set<TokenScope> scopes = wanted.tokenScopes();
    if (scopes.contains(TokenScope.ADMIN) && !caller.mayUse(TokenScope.ADMIN)) {
      throw new NotPermitted("the scope 'admin' is for admins");
    }
    String text = ApiToken.newText();
    ApiToken token =
        tokens.create(
            caller.identity().user(),
            wanted.name(),
            TokenDigest.of(text),
            scopes,
            end(wanted.days()));
    identities.reload();
    return new CreatedTokenJson(ApiTokenJson.of(new Listed(token, Optional.empty())), text);
  }

  public void revoke(Exchange<Authenticated> exchange) {
    UUID id = exchange.id("id");
    if (!tokens.revoke(exchange.caller().identity().user(), id)) {
      throw new NotFound("you have no token with id '%s'".formatted(id));
    }
    identities.reload();
    exchange.noContent();
  }

  private Optional<Instant> end(int days) {
    return days == 0 ? Optional.empty() : Optional.of(clock.instant().plus(Duration.ofDays(days)));
  }
}
