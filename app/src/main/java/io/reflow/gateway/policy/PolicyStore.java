package io.reflow.gateway.policy;

import io.helidon.dbclient.DbExecute;
import io.helidon.dbclient.DbRow;
import io.reflow.gateway.database.Columns;
import io.reflow.gateway.database.Database;
import io.reflow.gateway.policy.Policy.Member;
import io.reflow.gateway.target.TargetId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The tables `policies` and `policy_subjects`.
///
/// Words in a row that this version does not know (a newer one wrote them) are read so that they
/// open nothing: an unknown effect denies; an unknown type of resource or subject makes a deny rule
/// cover all of them, and an allow rule none.
public final class PolicyStore {

  private static final Logger LOG = LoggerFactory.getLogger(PolicyStore.class);

  private static final String SELECT =
      """
      select p.*, s.id as subject_id, s.subject_type, s.subject_value
      from policies p left join policy_subjects s on s.policy_id = p.id
      """;

  private final Database database;

  public PolicyStore(Database database) {
    this.database = database;
  }

  /// All of them, as they were at one moment.
  public List<Policy> all() {
    return read(SELECT + "order by p.id, s.subject_type, s.subject_value");
  }

  public Optional<Policy> find(UUID id) {
    return read(SELECT + "where p.id = ? order by s.subject_type, s.subject_value", id).stream()
        .findFirst();
  }

  public void insert(Policy policy) {
    database.transaction(db -> {
      db.createInsert(
              """
              insert into policies (name, description, target_id, resource_type,
                resource_pattern, effect, priority, enabled, id)
              values (?, ?, ?, ?, ?, ?, ?, ?, ?)
              """)
          .params(columns(policy))
          .execute();
      insertMembers(db, policy);
      return true;
    });
  }

  /// Replaces the policy and all its subjects.
  ///
  /// @return false if there is no such policy
  public boolean update(Policy policy) {
    return database.transaction(db -> {
      long updated =
          db.createUpdate(
                  """
                  update policies set name = ?, description = ?, target_id = ?,
                    resource_type = ?, resource_pattern = ?, effect = ?, priority = ?,
                    enabled = ?, updated_at = now()
                  where id = ?
                  """)
              .params(columns(policy))
              .execute();
      if (updated == 0) {
        return false;
      }
      db.delete("delete from policy_subjects where policy_id = ?", policy.id());
      insertMembers(db, policy);
      return true;
    });
  }

  /// False if there is no such policy.
  public boolean delete(UUID id) {
    return database.transaction(db -> db.delete("delete from policies where id = ?", id)) > 0;
  }

  public void insertMember(UUID policy, Member member) {
    database.transaction(db -> {
      insertMember(db, policy, member);
      return true;
    });
  }

  /// False if the policy has no such subject.
  public boolean deleteMember(UUID policy, UUID member) {
    return database.transaction(db ->
        db.delete("delete from policy_subjects where policy_id = ? and id = ?", policy, member))
        > 0;
  }

  private static List<Object> columns(Policy policy) {
    List<Object> values = new ArrayList<>();
    values.add(policy.name());
    values.add(policy.description());
    values.add(policy.target().map(TargetId::value).orElse(null));
    values.add(policy.kind().map(Feature.Kind::wireName).orElse("all"));
    values.add(policy.pattern().orElse(null));
    values.add(policy.effect().wireName());
    values.add(policy.priority());
    values.add(policy.enabled());
    values.add(policy.id());
    return values;
  }

  private static void insertMembers(DbExecute db, Policy policy) {
    policy.members().forEach(member -> insertMember(db, policy.id(), member));
  }

  private static void insertMember(DbExecute db, UUID policy, Member member) {
    db.insert(
        """
        insert into policy_subjects (id, policy_id, subject_type, subject_value)
        values (?, ?, ?, ?)
        """,
        member.id(),
        policy,
        member.subject().wireType(),
        member.subject().wireValue());
  }

  private List<Policy> read(String query, Object... parameters) {
    return database.run(db -> {
      Map<UUID, List<DbRow>> byPolicy = new LinkedHashMap<>();
      try (Stream<DbRow> rows = db.query(query, parameters)) {
        rows.forEach(row ->
            byPolicy.computeIfAbsent(Columns.uuid(row, "id"), _ -> new ArrayList<>()).add(row));
      }
      return byPolicy.values().stream().map(PolicyStore::policy).toList();
    });
  }

  private static Policy policy(List<DbRow> rows) {
    DbRow row = rows.getFirst();
    String name = Columns.text(row, "name");
    Effect effect = effect(name, Columns.text(row, "effect"));
    String type = Columns.text(row, "resource_type");
    Optional<Feature.Kind> kind = kind(type);
    boolean unknownKind = kind.isEmpty() && !type.equals("all");
    if (unknownKind) {
      unknown(name, "resource_type", type);
    }
    List<Member> members = new ArrayList<>();
    for (DbRow each : rows) {
      member(name, effect, each).ifPresent(members::add);
    }
    return new Policy(
        Columns.uuid(row, "id"),
        name,
        Columns.text(row, "description"),
        Columns.optionalUuid(row, "target_id").map(TargetId::new),
        kind,
        Columns.optionalText(row, "resource_pattern"),
        effect,
        (int) Columns.number(row, "priority"),
        Columns.flag(row, "enabled"),
        unknownKind && effect == Effect.ALLOW ? List.of() : members,
        Columns.instant(row, "created_at"),
        Columns.instant(row, "updated_at"));
  }

  private static Effect effect(String policy, String wireName) {
    for (Effect effect : Effect.values()) {
      if (effect.wireName().equals(wireName)) {
        return effect;
      }
    }
    unknown(policy, "effect", wireName);
    return Effect.DENY;
  }

  private static Optional<Feature.Kind> kind(String wireName) {
    return Stream.of(Feature.Kind.values())
        .filter(kind -> kind.wireName().equals(wireName))
        .findFirst();
  }

  private static Optional<Member> member(String policy, Effect effect, DbRow row) {
    Optional<UUID> found = Columns.optionalUuid(row, "subject_id");
    if (found.isEmpty()) {
      return Optional.empty();
    }
    UUID id = found.get();
    String type = Columns.text(row, "subject_type");
    String value = Columns.text(row, "subject_value");
    Optional<Subject> subject = Subject.of(type, value);
    if (subject.isEmpty()) {
      unknown(policy, "subject", type);
      return effect == Effect.DENY
          ? Optional.of(new Member(id, new Subject.Everyone()))
          : Optional.empty();
    }
    return Optional.of(new Member(id, subject.get()));
  }

  private static void unknown(String policy, String field, String value) {
    LOG.atError()
        .addKeyValue("policy", policy)
        .log("{} '{}' of a policy is unknown to this version; it opens nothing", field, value);
  }
}
