package io.reflow.gateway.credential;

import io.helidon.dbclient.DbExecute;
import io.helidon.dbclient.DbRow;
import io.reflow.gateway.config.Secret;
import io.reflow.gateway.database.Columns;
import io.reflow.gateway.database.Database;
import io.reflow.gateway.fault.GatewayException.NotFound;
import io.reflow.gateway.target.TargetId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The tables `env_configs` and `encryption_canaries`. Values are sealed before they get here and
/// come out sealed.
public final class CredentialStore {

  private static final String CANARY = "the key is right";
  private static final String CANARY_PLACE = "encryption_canaries";
  private static final String AT = "target_id = ? and scope_kind = ? and scope_value = ?";

  private final Database database;
  private final Vault vault;

  public CredentialStore(Database database, Vault vault) {
    this.database = database;
    this.vault = vault;
  }

  /// To be called once at the start, before anything else.
  ///
  /// @throws IllegalStateException if the configured keys are not those that this database was
  ///   filled with; the message names the configuration key
  public void checkKeys() {
    database.transaction(db -> {
      Map<String, Sealed> canaries = canaries(db);
      if (!canaries.isEmpty() && canaries.values().stream().noneMatch(this::opens)) {
        throw wrongKey("was filled with another key (%s)".formatted(canaries.keySet()));
      }
      Set<String> inUse = keyIdsInUse(db);
      for (String keyId : inUse) {
        if (!vault.keyIds().contains(keyId)) {
          throw wrongKey("holds secrets under key '%s', which is not set".formatted(keyId));
        }
      }
      Sealed canary = canaries.get(vault.sealingKey());
      if (canary != null && !opens(canary)) {
        throw wrongKey("knows another key of id '%s'".formatted(vault.sealingKey()));
      }
      if (canary == null) {
        insertCanary(db);
      }
      return true;
    });
  }

  /// What other keys than the first have sealed.
  List<EnvConfig> sealedWithOldKeys() {
    return database.run(db -> {
      String query = "select * from env_configs where key_id <> ?";
      try (Stream<DbRow> rows = db.query(query, vault.sealingKey())) {
        return rows.map(CredentialStore::config).flatMap(Optional::stream).toList();
      }
    });
  }

  /// Seals a value with the first key; without effect on one that was changed meanwhile.
  ///
  /// @throws VaultException when it can't be decrypted
  void rotate(EnvConfig config) {
    Sealed old = config.sealed().orElseThrow();
    Sealed sealed = vault.seal(vault.open(old, config.place()), config.place());
    long _ =
        database.transaction(db ->
            db.update(
                """
                update env_configs set key_id = ?, ciphertext = ?
                where target_id = ? and scope_kind = ? and scope_value = ? and key = ?
                  and ciphertext = ?
                """,
                sealed.keyId(),
                sealed.ciphertext(),
                config.target().value(),
                config.scope().kind(),
                config.scope().value(),
                config.key(),
                old.ciphertext()));
  }

  List<EnvConfig> all() {
    return database.run(CredentialStore::all);
  }

  /// Stores a value; what was declared of the key stays where `change` does not say otherwise.
  void put(TargetId target, Scope scope, Change change) {
    database.transaction(db -> {
      lock(db, target);
      put(db, target, scope, change);
      return true;
    });
  }

  /// Replaces the values of the scope, or of those of its keys that are in `only`. A key of which
  /// something was declared stays declared.
  void replace(
      TargetId target, Scope scope, Map<String, Secret> values, Optional<Set<String>> only) {
    database.transaction(db -> {
      lock(db, target);
      for (EnvConfig config : of(db, target, scope)) {
        if (!values.containsKey(config.key())
            && only.map(keys -> keys.contains(config.key())).orElse(true)) {
          clear(db, config);
        }
      }
      values.forEach((key, value) -> put(db, target, scope, Change.value(key, value)));
      return true;
    });
  }

  /// False if the scope has no such key.
  boolean delete(TargetId target, Scope scope, String key) {
    return database.transaction(db ->
        db.delete(
            "delete from env_configs where %s and key = ?".formatted(AT), at(target, scope, key)))
        > 0;
  }

  /// Takes the value away; what was declared of the key stays. False if it has none.
  boolean clear(TargetId target, Scope scope, String key) {
    return database.transaction(db -> {
      lock(db, target);
      Optional<EnvConfig> config =
          of(db, target, scope).stream()
              .filter(each -> each.key().equals(key) && each.sealed().isPresent())
              .findFirst();
      config.ifPresent(found -> clear(db, found));
      return config.isPresent();
    });
  }

  /// As part of a larger transaction.
  public void putDefault(DbExecute db, TargetId target, String key, Secret value) {
    put(db, target, new Scope.Default(), Change.value(key, value));
  }

  private static List<EnvConfig> all(DbExecute db) {
    try (Stream<DbRow> rows = db.query("select * from env_configs")) {
      return rows.map(CredentialStore::config).flatMap(Optional::stream).toList();
    }
  }

  private static List<EnvConfig> of(DbExecute db, TargetId target, Scope scope) {
    String query = "select * from env_configs where " + AT;
    try (Stream<DbRow> rows = db.query(query, at(target, scope))) {
      return rows.map(CredentialStore::config).flatMap(Optional::stream).toList();
    }
  }

  /// Changes of one target's credentials go one after the other, and none after its deletion.
  private static void lock(DbExecute db, TargetId target) {
    if (db.get("select id from targets where id = ? for update", target.value()).isEmpty()) {
      throw new NotFound("there is no target '%s'".formatted(target));
    }
  }

  private static void clear(DbExecute db, EnvConfig config) {
    String statement =
        config.userSettable() || config.inject().isPresent()
            ? "update env_configs set key_id = null, ciphertext = null, updated_at = now()"
            : "delete from env_configs";
    db.dml(
        statement + " where %s and key = ?".formatted(AT),
        at(config.target(), config.scope(), config.key()));
  }

  private void put(DbExecute db, TargetId target, Scope scope, Change change) {
    Sealed sealed =
        change
            .value()
            .map(secret -> vault.seal(secret, EnvConfig.place(target, scope, change.key())))
            .orElse(null);
    List<Object> values = new ArrayList<>(List.of(at(target, scope, change.key())));
    values.add(sealed == null ? null : sealed.keyId());
    values.add(sealed == null ? null : sealed.ciphertext());
    for (int i = 0; i < 2; i++) {
      values.add(change.description().orElse(null));
      values.add(change.userSettable().orElse(null));
      values.add(change.inject().map(Inject::wireName).orElse(null));
    }
    db.createInsert(
            """
            insert into env_configs as old (target_id, scope_kind, scope_value, key, key_id,
              ciphertext, description, user_settable, inject)
            values (?, ?, ?, ?, ?, cast(? as bytea), coalesce(cast(? as text), ''),
              coalesce(cast(? as boolean), false), cast(? as text))
            on conflict (target_id, scope_kind, scope_value, key) do update set
              key_id = coalesce(excluded.key_id, old.key_id),
              ciphertext = coalesce(excluded.ciphertext, old.ciphertext),
              description = coalesce(cast(? as text), old.description),
              user_settable = coalesce(cast(? as boolean), old.user_settable),
              inject = coalesce(cast(? as text), old.inject),
              updated_at = now()
            """)
        .params(values)
        .execute();
  }

  private static Object[] at(TargetId target, Scope scope, Object... more) {
    return Stream.concat(Stream.of(target.value(), scope.kind(), scope.value()), Stream.of(more))
        .toArray();
  }

  private static Optional<EnvConfig> config(DbRow row) {
    Optional<String> keyId = Columns.optionalText(row, "key_id");
    return Scope.of(Columns.text(row, "scope_kind"), Columns.text(row, "scope_value"))
        .map(scope ->
            new EnvConfig(
                new TargetId(Columns.uuid(row, "target_id")),
                scope,
                Columns.text(row, "key"),
                keyId.map(id -> new Sealed(id, row.column("ciphertext").get(byte[].class))),
                Columns.text(row, "description"),
                Columns.flag(row, "user_settable"),
                Columns.optionalText(row, "inject").flatMap(Inject::stored),
                Columns.instant(row, "updated_at")));
  }

  private static Map<String, Sealed> canaries(DbExecute db) {
    try (Stream<DbRow> rows = db.query("select key_id, ciphertext from encryption_canaries")) {
      return rows.map(row ->
              new Sealed(Columns.text(row, "key_id"), row.column("ciphertext").get(byte[].class)))
          .collect(Collectors.toMap(Sealed::keyId, Function.identity()));
    }
  }

  private static Set<String> keyIdsInUse(DbExecute db) {
    String query = "select distinct key_id from env_configs where key_id is not null";
    try (Stream<DbRow> rows = db.query(query)) {
      return rows.map(row -> Columns.text(row, "key_id")).collect(Collectors.toSet());
    }
  }

  private boolean opens(Sealed canary) {
    try {
      return vault.open(canary, CANARY_PLACE, canary.keyId()).reveal().equals(CANARY);
    } catch (VaultException _) {
      return false;
    }
  }

  private void insertCanary(DbExecute db) {
    Sealed canary = vault.seal(new Secret(CANARY), CANARY_PLACE, vault.sealingKey());
    db.insert(
        "insert into encryption_canaries (key_id, ciphertext) values (?, ?) on conflict do nothing",
        canary.keyId(),
        canary.ciphertext());
  }

  private static IllegalStateException wrongKey(String what) {
    return new IllegalStateException(
        "encryption.key (or encryption.keys) does not fit this database, which %s: set the key that"
                .formatted(what)
            + " it was filled with, or add it to encryption.keys");
  }
}
