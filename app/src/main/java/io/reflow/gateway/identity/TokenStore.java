package io.reflow.gateway.identity;

import static io.reflow.gateway.database.Columns.instant;
import static io.reflow.gateway.database.Columns.number;
import static io.reflow.gateway.database.Columns.optionalInstant;
import static io.reflow.gateway.database.Columns.parameter;
import static io.reflow.gateway.database.Columns.text;
import static io.reflow.gateway.database.Columns.texts;
import static io.reflow.gateway.database.Columns.uuid;

import io.helidon.dbclient.DbExecute;
import io.helidon.dbclient.DbRow;
import io.reflow.gateway.database.Database;
import io.reflow.gateway.fault.GatewayException.Conflict;
import io.reflow.gateway.fault.GatewayException.NotFound;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/// The API tokens of users, as digests, and when they were last used.
public final class TokenStore {

  private static final int MAX_PER_USER = 100;

  private static final String COLUMNS =
      "t.id, t.user_id, t.name, t.digest, t.scopes, t.created_at, t.expires_at";

  private final Database database;

  public TokenStore(Database database) {
    this.database = database;
  }

  /// A token as its owner sees it.
  record Listed(ApiToken token, Optional<Instant> lastUsedAt) {}

  List<ApiToken> all() {
    return database.run(db ->
        db.createQuery("select " + COLUMNS + " from api_tokens t")
            .execute()
            .map(TokenStore::token)
            .toList());
  }

  List<Listed> list(UserId user) {
    return database.run(db ->
        db.createQuery(
                "select "
                    + COLUMNS
                    + """
                    , u.last_used_at
                    from api_tokens t left join api_token_use u on u.token_id = t.id
                    where t.user_id = :user
                    order by t.created_at, t.id
                    """)
            .addParam("user", user.value())
            .execute()
            .map(row -> new Listed(token(row), optionalInstant(row, "last_used_at")))
            .toList());
  }

  /// @throws Conflict when the user has too many
  ApiToken create(
      UserId user,
      String name,
      TokenDigest digest,
      Set<TokenScope> scopes,
      Optional<Instant> expiresAt) {
    return database.transaction(db -> {
      requireRoom(db, user);
      return db.createGet(
              """
              insert into api_tokens as t (id, user_id, name, digest, scopes, expires_at)
              values (:id, :user, :name, :digest, :scopes,
                cast(nullif(:expires, '') as timestamptz))
              """
                  + "returning "
                  + COLUMNS)
          .addParam("id", UUID.randomUUID())
          .addParam("user", user.value())
          .addParam("name", name)
          .addParam("digest", digest.bytes())
          .addParam(
              "scopes", parameter(scopes.stream().sorted().map(TokenScope::wireName).toList()))
          .addParam("expires", expiresAt.map(Instant::toString).orElse(""))
          .execute()
          .map(TokenStore::token)
          .orElseThrow();
    });
  }

  /// False if the user has no such token.
  boolean revoke(UserId user, UUID token) {
    return database.run(db ->
        db.createDelete("delete from api_tokens where id = :id and user_id = :user")
                .addParam("id", token)
                .addParam("user", user.value())
                .execute()
            == 1);
  }

  /// Notes when tokens were last used; those that are gone by now are passed over.
  void recordUse(Map<UUID, Instant> times) {
    database.transaction(db -> {
      times.forEach((token, time) -> recordUse(db, token, time));
      return times.size();
    });
  }

  private static void recordUse(DbExecute db, UUID token, Instant time) {
    db.createDmlStatement(
            """
            insert into api_token_use (token_id, last_used_at)
            select id, :time from api_tokens where id = :token for key share
            on conflict (token_id) do update
            set last_used_at = greatest(api_token_use.last_used_at, excluded.last_used_at)
            """)
        .addParam("time", parameter(time))
        .addParam("token", token)
        .execute();
  }

  /// Holds the user's row, so that tokens made at once are counted one after another.
  private static void requireRoom(DbExecute db, UserId user) {
    boolean gone =
        db.createGet("select 1 from users where id = :user for update")
            .addParam("user", user.value())
            .execute()
            .isEmpty();
    if (gone) {
      throw new NotFound("the user is gone");
    }
    long count =
        number(
            db.createGet("select count(*) as count from api_tokens where user_id = :user")
                .addParam("user", user.value())
                .execute()
                .orElseThrow(),
            "count");
    if (count >= MAX_PER_USER) {
      throw new Conflict(
          "you have %d tokens already; revoke one that is no longer needed".formatted(count));
    }
  }

  private static ApiToken token(DbRow row) {
    return new ApiToken(
        uuid(row, "id"),
        new UserId(uuid(row, "user_id")),
        text(row, "name"),
        TokenDigest.of(row.column("digest").get(byte[].class)),
        scopes(texts(row, "scopes")),
        instant(row, "created_at"),
        optionalInstant(row, "expires_at"));
  }

  private static Set<TokenScope> scopes(List<String> names) {
    return names.stream()
        .flatMap(name -> TokenScope.find(name).stream())
        .collect(Collectors.toUnmodifiableSet());
  }
}
