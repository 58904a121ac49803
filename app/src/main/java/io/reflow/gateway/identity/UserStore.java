package io.reflow.gateway.identity;

import static io.reflow.gateway.database.Columns.flag;
import static io.reflow.gateway.database.Columns.instant;
import static io.reflow.gateway.database.Columns.number;
import static io.reflow.gateway.database.Columns.optionalText;
import static io.reflow.gateway.database.Columns.parameter;
import static io.reflow.gateway.database.Columns.text;
import static io.reflow.gateway.database.Columns.texts;
import static io.reflow.gateway.database.Columns.uuid;

import io.helidon.dbclient.DbExecute;
import io.helidon.dbclient.DbRow;
import io.reflow.gateway.database.Database;
import io.reflow.gateway.fault.GatewayException.Conflict;
import io.reflow.gateway.fault.GatewayException.NotFound;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/// The users table. As soon as there is a user, there is an admin who is enabled.
public final class UserStore {

  private static final String COLUMNS =
      "id, email, role, groups, enabled, login_generation, kept_login, created_at, updated_at";

  private final Database database;

  public UserStore(Database database) {
    this.database = database;
  }

  /// A user with the hash of the password, for a login.
  record StoredLogin(User user, String passwordHash) {

    @Override
    public String toString() {
      return "StoredLogin[" + user.id() + "]";
    }
  }

  /// Decides on a user's role by whether it is the first one; throws where that is not allowed.
  @FunctionalInterface
  interface RoleRule {
    String roleFor(boolean firstUser);
  }

  List<User> all() {
    return database.run(db ->
        db.createQuery("select " + COLUMNS + " from users order by created_at, id")
            .execute()
            .map(UserStore::user)
            .toList());
  }

  boolean isEmpty() {
    return database.run(UserStore::isEmpty);
  }

  Optional<StoredLogin> findLogin(String email) {
    return database.run(db ->
        db.createGet("select " + COLUMNS + ", password_hash from users where email = :email")
            .addParam("email", email)
            .execute()
            .map(UserStore::storedLogin));
  }

  Optional<StoredLogin> findLogin(UserId id) {
    return database.run(db ->
        db.createGet("select " + COLUMNS + ", password_hash from users where id = :id")
            .addParam("id", id.value())
            .execute()
            .map(UserStore::storedLogin));
  }

  /// Adds a user whose role is decided when it is certain whether it is the first.
  ///
  /// @throws Conflict when the e-mail is taken
  User register(String email, String passwordHash, RoleRule rule) {
    return database.transaction(db -> {
      lock(db);
      return insert(db, email, passwordHash, UserChange.ofRole(rule.roleFor(isEmpty(db))));
    });
  }

  /// @throws Conflict when the e-mail is taken
  User create(String email, String passwordHash, UserChange given) {
    return database.transaction(db -> {
      lock(db);
      return insert(db, email, passwordHash, given);
    });
  }

  /// Sets another password and begins the next login generation, which `keptLogin` outlives. False
  /// if the password was changed by somebody else in the meantime.
  boolean changePassword(StoredLogin before, String passwordHash, Optional<String> keptLogin) {
    return database.run(db ->
        db.createUpdate(
                    """
                    update users
                    set password_hash = :hash, login_generation = login_generation + 1,
                      kept_login = nullif(:kept, ''), updated_at = now()
                    where id = :id and password_hash = :before
                    """)
                .addParam("hash", passwordHash)
                .addParam("kept", keptLogin.orElse(""))
                .addParam("id", before.user().id().value())
                .addParam("before", before.passwordHash())
                .execute()
            == 1);
  }

  /// @throws NotFound without such a user
  /// @throws Conflict when no enabled admin would be left
  User update(UserId id, UserChange change) {
    return database.transaction(db -> {
      lock(db);
      User before = get(db, id);
      User after = change.appliedTo(before);
      if (!after.activeAdmin()) {
        requireAnotherAdmin(db, before);
      }
      return db.createGet(
              """
              update users
              set role = :role, groups = :groups, enabled = :enabled,
                updated_at = now()
              where id = :id
              """
                  + "returning "
                  + COLUMNS)
          .addParam("role", after.identity().role())
          .addParam("groups", parameter(List.copyOf(after.identity().groups())))
          .addParam("enabled", after.enabled())
          .addParam("id", id.value())
          .execute()
          .map(UserStore::user)
          .orElseThrow(() -> noSuchUser(id));
    });
  }

  /// @throws NotFound without such a user
  /// @throws Conflict when no enabled admin would be left
  void delete(UserId id) {
    database.transaction(db -> {
      lock(db);
      requireAnotherAdmin(db, get(db, id));
      return db.createDelete("delete from users where id = :id")
          .addParam("id", id.value())
          .execute();
    });
  }

  /// One at a time, on all replicas: whoever counts users or admins counts right.
  private static void lock(DbExecute db) {
    var _ =
        db.createGet("select 1 from pg_advisory_xact_lock(hashtext('reflow users')) as locked")
            .execute();
  }

  private static boolean isEmpty(DbExecute db) {
    return db.createGet("select 1 from users limit 1").execute().isEmpty();
  }

  private static User get(DbExecute db, UserId id) {
    return db.createGet("select " + COLUMNS + " from users where id = :id")
        .addParam("id", id.value())
        .execute()
        .map(UserStore::user)
        .orElseThrow(() -> noSuchUser(id));
  }

  private static NotFound noSuchUser(UserId id) {
    return new NotFound("there is no user with id '%s'".formatted(id));
  }

  private static void requireAnotherAdmin(DbExecute db, User leaving) {
    if (!leaving.activeAdmin()) {
      return;
    }
    boolean another =
        db.createGet("select 1 from users where role = :admin and enabled and id <> :id limit 1")
            .addParam("admin", Identity.ADMIN)
            .addParam("id", leaving.id().value())
            .execute()
            .isPresent();
    if (!another) {
      throw new Conflict("this is the last enabled admin; make another user admin first");
    }
  }

  private static User insert(DbExecute db, String email, String passwordHash, UserChange given) {
    return db.createGet(
            """
            insert into users (id, email, password_hash, role, groups, enabled)
            values (:id, :email, :hash, :role, :groups, :enabled)
            on conflict (email) do nothing
            """
                + "returning "
                + COLUMNS)
        .addParam("id", UUID.randomUUID())
        .addParam("email", email)
        .addParam("hash", passwordHash)
        .addParam("role", given.role().orElse(Registration.USER))
        .addParam("groups", parameter(given.groups().map(List::copyOf).orElse(List.of())))
        .addParam("enabled", given.enabled().orElse(true))
        .execute()
        .map(UserStore::user)
        .orElseThrow(() -> new Conflict("there is a user with this e-mail already"));
  }

  private static StoredLogin storedLogin(DbRow row) {
    return new StoredLogin(user(row), text(row, "password_hash"));
  }

  private static User user(DbRow row) {
    var identity =
        new Identity(
            new UserId(uuid(row, "id")),
            text(row, "email"),
            text(row, "role"),
            Set.copyOf(texts(row, "groups")));
    return new User(
        identity,
        flag(row, "enabled"),
        Math.toIntExact(number(row, "login_generation")),
        optionalText(row, "kept_login"),
        instant(row, "created_at"),
        instant(row, "updated_at"));
  }
}
