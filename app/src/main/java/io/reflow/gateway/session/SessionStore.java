package io.reflow.gateway.session;

import static io.reflow.gateway.database.Columns.flag;
import static io.reflow.gateway.database.Columns.instant;
import static io.reflow.gateway.database.Columns.number;
import static io.reflow.gateway.database.Columns.optionalNumber;
import static io.reflow.gateway.database.Columns.optionalText;
import static io.reflow.gateway.database.Columns.optionalUuid;
import static io.reflow.gateway.database.Columns.parameter;
import static io.reflow.gateway.database.Columns.text;
import static io.reflow.gateway.database.Columns.texts;
import static io.reflow.gateway.database.Columns.uuid;

import io.helidon.dbclient.DbExecute;
import io.helidon.dbclient.DbRow;
import io.reflow.gateway.config.SessionConfig;
import io.reflow.gateway.database.Database;
import io.reflow.gateway.fault.GatewayException.Overloaded;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.LogLevel;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.replica.Replica;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// The table `mcp_session`. Whoever writes says as which owner: what a replica believes that has
/// lost a session meanwhile changes nothing. All times are those of the database's clock.
public final class SessionStore {

  /// A user's sessions that have not run out, and that their owner does not know to be over.
  private static final String OPEN =
      """
      user_id = :user
        and last_seen > now() - make_interval(secs => :timeout)
        and opened_at > now() - make_interval(secs => :lifetime)
        and not (coalesce(owner, 0) = :owner and digest = any(cast(:over as text[])))
      """;

  private final Database database;
  private final SessionConfig config;

  public SessionStore(Database database, SessionConfig config) {
    this.database = database;
    this.config = config;
  }

  /// What of a session can change.
  record Changing(LogLevel logLevel, Set<String> subscriptions) {

    /// Sessions of this era always have a level.
    static Changing of(Session session) {
      return new Changing(session.logLevel().orElse(LogLevel.INFO), session.subscriptions());
    }
  }

  /// Who has a session; nobody, if `replica` is empty.
  record Owner(Optional<Replica> replica, boolean alive) {}

  /// A session as the REST API lists it.
  record Listed(
      UserId user,
      String email,
      Session.Client client,
      String version,
      Optional<String> target,
      Instant openedAt,
      Instant lastSeen,
      String digest) {}

  /// Records a new session. Where its user has as many as allowed, on all replicas together, those
  /// that have been idle longest make room.
  ///
  /// @param over sessions of `owner` that are recorded still
  /// @throws Overloaded when all of the user's sessions are in use
  void insert(String digest, Session session, long owner, Collection<String> over) {
    long _ =
        database.transaction(db -> {
          makeRoom(db, session.owner().user(), owner, over);
          return insert(db, digest, session, owner);
        });
  }

  private static long insert(DbExecute db, String digest, Session session, long owner) {
    return db.createInsert(
            """
            insert into mcp_session (digest, user_id, role, groups, protocol_version,
              client_name, client_version, capabilities, target, log_level, owner)
            values (:digest, :user, :role, :groups, :version, :name, :clientVersion,
              :capabilities, nullif(:target, ''), :level, :owner)
            """)
        .addParam("digest", digest)
        .addParam("user", session.owner().user().value())
        .addParam("role", session.owner().role())
        .addParam("groups", parameter(List.copyOf(session.owner().groups())))
        .addParam("version", session.version().wireName())
        .addParam("name", storable(session.client().name()))
        .addParam("clientVersion", storable(session.client().version()))
        .addParam(
            "capabilities", session.capabilities().json(ProtocolVersion.V2025_11_25).toString())
        .addParam("target", session.target().orElse(""))
        .addParam("level", Changing.of(session).logLevel().wireName())
        .addParam("owner", owner)
        .execute();
  }

  private void makeRoom(DbExecute db, UserId user, long owner, Collection<String> over) {
    // Two that the user opens at once are counted one after the other.
    var _ =
        db.createGet("select id from users where id = :user for no key update")
            .addParam("user", user.value())
            .execute()
            .isPresent();
    long tooMany = open(db, user, owner, over) - config.maxPerUser() + 1;
    if (tooMany <= 0) {
      return;
    }
    if (endIdle(db, user, owner, over, tooMany) < tooMany) {
      throw new Overloaded(
          "you have %d sessions open, which is the limit".formatted(config.maxPerUser()),
          Sessions.EVICTABLE_AFTER);
    }
    tellOfEnded(db);
  }

  private long open(DbExecute db, UserId user, long owner, Collection<String> over) {
    return number(
        db.createGet(
                """
                select count(*) as open from mcp_session
                where %s
                """
                    .formatted(OPEN))
            .addParam("user", user.value())
            .addParam("timeout", seconds(longestIdle()))
            .addParam("lifetime", seconds(config.maxLifetime()))
            .addParam("owner", owner)
            .addParam("over", parameter(List.copyOf(over)))
            .execute()
            .orElseThrow(),
        "open");
  }

  /// One that is in use has been seen a minute ago at the latest.
  private long endIdle(DbExecute db, UserId user, long owner, Collection<String> over, long most) {
    return db.createDelete(
            """
            delete from mcp_session where digest in (
              select digest from mcp_session
              where %s and last_seen < now() - make_interval(secs => :idle)
              order by last_seen limit :most)
            """
                .formatted(OPEN))
        .addParam("user", user.value())
        .addParam("timeout", seconds(longestIdle()))
        .addParam("lifetime", seconds(config.maxLifetime()))
        .addParam("owner", owner)
        .addParam("over", parameter(List.copyOf(over)))
        .addParam(
            "idle",
            seconds(Sessions.EVICTABLE_AFTER.plus(SessionWriter.TOUCH_EVERY.multipliedBy(2))))
        .addParam("most", most)
        .execute();
  }

  /// Lets every replica look which of its sessions have been ended elsewhere.
  private static void tellOfEnded(DbExecute db) {
    var _ = db.createGet("select pg_notify('reflow_changed', 'mcp_session')").execute().isPresent();
  }

  /// Makes `owner` the owner of a session that nobody has: it was given up, or its owner is no
  /// more. A replica that is only silent counts as no more where `judge` is set and it was for
  /// `deadAfter`.
  Optional<SessionRecord> claim(
      String digest,
      UserId user,
      Optional<String> target,
      long owner,
      boolean judge,
      Duration deadAfter) {
    return database.run(db ->
        db.createGet(
                """
                update mcp_session s set owner = :owner
                where s.digest = :digest and s.user_id = :user
                  and coalesce(s.target, '') = :target
                  and s.last_seen > now() - make_interval(secs => :timeout)
                  and s.opened_at > now() - make_interval(secs => :lifetime)
                  and (s.owner is null or s.owner = :same or not exists (
                    select 1 from replica r where r.epoch = s.owner
                      and (not :judge
                        or r.heartbeat_at > now() - make_interval(secs => :dead))))
                returning s.user_id, s.role, s.groups, s.protocol_version, s.client_name,
                  s.client_version, s.capabilities, s.target, s.log_level, s.subscriptions,
                  cast(extract(epoch from now() - s.opened_at) * 1000 as bigint) as age
                """)
            .addParam("owner", owner)
            .addParam("digest", digest)
            .addParam("user", user.value())
            .addParam("target", target.orElse(""))
            .addParam("timeout", seconds(longestIdle()))
            .addParam("lifetime", seconds(config.maxLifetime()))
            .addParam("same", owner)
            .addParam("judge", judge)
            .addParam("dead", seconds(deadAfter))
            .execute()
            .flatMap(SessionStore::recorded));
  }

  /// Who has the session of that user; empty where there is no such session.
  Optional<Owner> owner(String digest, UserId user, Duration deadAfter) {
    return database.run(db ->
        db.createGet(
                """
                select r.id, r.epoch, r.address, coalesce(
                    r.heartbeat_at > now() - make_interval(secs => :dead), false) as alive
                from mcp_session s left join replica r on r.epoch = s.owner
                where s.digest = :digest and s.user_id = :user
                """)
            .addParam("dead", seconds(deadAfter))
            .addParam("digest", digest)
            .addParam("user", user.value())
            .execute()
            .map(row -> new Owner(replica(row), flag(row, "alive"))));
  }

  /// Takes out sessions that are over, as far as `owner` still has them.
  void delete(Collection<String> digests, long owner) {
    long _ =
        database.run(db ->
            db.createDelete(
                    """
                    delete from mcp_session
                    where owner = :owner and digest = any(cast(:digests as text[]))
                    """)
                .addParam("owner", owner)
                .addParam("digests", parameter(List.copyOf(digests)))
                .execute());
  }

  /// Writes what has changed of a session.
  void update(String digest, Changing state, long owner) {
    long _ =
        database.run(db ->
            db.createUpdate(
                    """
                    update mcp_session set log_level = :level, subscriptions = :subscriptions
                    where digest = :digest and owner = :owner
                    """)
                .addParam("level", state.logLevel().wireName())
                .addParam("subscriptions", parameter(List.copyOf(state.subscriptions())))
                .addParam("digest", digest)
                .addParam("owner", owner)
                .execute());
  }

  /// Writes how long ago sessions were last used.
  void touch(Map<String, Duration> idle, long owner) {
    List<String> digests = new ArrayList<>();
    List<String> ages = new ArrayList<>();
    idle.forEach((digest, age) -> {
      digests.add(digest);
      ages.add(Double.toString(seconds(age)));
    });
    long _ =
        database.run(db ->
            db.createUpdate(
                    """
                    update mcp_session s set last_seen = now() - make_interval(secs => v.age)
                    from unnest(cast(:digests as text[]), cast(cast(:ages as text[]) as float8[]))
                      as v(digest, age)
                    where s.digest = v.digest and s.owner = :owner
                    """)
                .addParam("digests", parameter(digests))
                .addParam("ages", parameter(ages))
                .addParam("owner", owner)
                .execute());
  }

  /// Gives up all sessions of an owner at once, so that any replica can go on with them.
  long release(long owner) {
    return database.run(db ->
        db.createUpdate("update mcp_session set owner = null where owner = :owner")
            .addParam("owner", owner)
            .execute());
  }

  Set<String> ownedBy(long owner) {
    return database.run(db ->
        Set.copyOf(
            db.createQuery("select digest from mcp_session where owner = :owner")
                .addParam("owner", owner)
                .execute()
                .map(row -> text(row, "digest"))
                .toList()));
  }

  /// Ends all sessions of a user, whoever has them, and lets every replica know.
  long recycle(UserId user) {
    return database.transaction(db -> {
      long ended =
          db.createDelete("delete from mcp_session where user_id = :user")
              .addParam("user", user.value())
              .execute();
      long _ =
          db.createInsert(
                  """
                  insert into user_recycle (user_id, times)
                  select id, 1 from users where id = :user
                  on conflict (user_id) do update set times = user_recycle.times + 1
                  """)
              .addParam("user", user.value())
              .execute();
      tellOfEnded(db);
      return ended;
    });
  }

  /// How often users were recycled; those that never were are left out.
  Map<UserId, Long> recycled() {
    return database.run(db ->
        db.createQuery("select user_id, times from user_recycle")
            .execute()
            .collect(
                Collectors.toUnmodifiableMap(
                    row -> new UserId(uuid(row, "user_id")), row -> number(row, "times"))));
  }

  /// Takes out what is over by its times and in nobody's memory.
  void expire() {
    long _ =
        database.run(db ->
            db.createDelete(
                    """
                    delete from mcp_session s
                    where (s.last_seen < now() - make_interval(secs => :timeout)
                        or s.opened_at < now() - make_interval(secs => :lifetime))
                      and not exists (select 1 from replica r where r.epoch = s.owner)
                    """)
                .addParam("timeout", seconds(longestIdle()))
                .addParam("lifetime", seconds(config.maxLifetime()))
                .execute());
  }

  /// The sessions that can be gone on with: of one user, or of all.
  List<Listed> list(Optional<UserId> user) {
    return database.run(db ->
        db.createQuery(
                """
                select s.user_id, u.email, s.client_name, s.client_version, s.protocol_version,
                  s.target, s.opened_at, s.last_seen, s.digest
                from mcp_session s join users u on u.id = s.user_id
                where (:all or s.user_id = cast(nullif(:user, '') as uuid))
                  and s.last_seen > now() - make_interval(secs => :timeout)
                  and s.opened_at > now() - make_interval(secs => :lifetime)
                """)
            .addParam("all", user.isEmpty())
            .addParam("user", user.map(UserId::toString).orElse(""))
            .addParam("timeout", seconds(longestIdle()))
            .addParam("lifetime", seconds(config.maxLifetime()))
            .execute()
            .map(SessionStore::listed)
            .toList());
  }

  /// The last use is known only so exactly.
  private Duration longestIdle() {
    return config.timeout().plus(SessionWriter.TOUCH_EVERY);
  }

  private static double seconds(Duration duration) {
    return duration.toMillis() / 1000.0;
  }

  /// PostgreSQL keeps no NUL.
  private static String storable(String text) {
    return text.replace("\0", "");
  }

  private static Optional<Replica> replica(DbRow row) {
    return optionalNumber(row, "epoch")
        .map(epoch ->
            new Replica(
                optionalUuid(row, "id").orElseThrow(),
                epoch,
                optionalText(row, "address").map(URI::create)));
  }

  /// Empty where a newer version of the gateway wrote what this one does not know.
  private static Optional<SessionRecord> recorded(DbRow row) {
    try {
      var capabilities = ClientCapabilities.read(RawJson.of(text(row, "capabilities")));
      return ProtocolVersion.find(text(row, "protocol_version"))
          .map(version ->
              new SessionRecord(
                  new UserId(uuid(row, "user_id")),
                  text(row, "role"),
                  Set.copyOf(texts(row, "groups")),
                  version,
                  new Session.Client(text(row, "client_name"), text(row, "client_version")),
                  capabilities,
                  optionalText(row, "target"),
                  LogLevel.find(text(row, "log_level")).orElse(LogLevel.INFO),
                  Set.copyOf(texts(row, "subscriptions")),
                  Duration.ofMillis(number(row, "age"))));
    } catch (MalformedMessage _) {
      return Optional.empty();
    }
  }

  private static Listed listed(DbRow row) {
    return new Listed(
        new UserId(uuid(row, "user_id")),
        text(row, "email"),
        new Session.Client(text(row, "client_name"), text(row, "client_version")),
        text(row, "protocol_version"),
        optionalText(row, "target"),
        instant(row, "opened_at"),
        instant(row, "last_seen"),
        text(row, "digest"));
  }
}
