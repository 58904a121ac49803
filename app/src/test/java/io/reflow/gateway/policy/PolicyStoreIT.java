package io.reflow.gateway.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.policy.Decision.Allowed;
import io.reflow.gateway.policy.Feature.Kind;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.testing.Policies;
import io.reflow.gateway.testing.TestDatabase;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PolicyStoreIT {

  private static final Identity CALLER =
      new Identity(new UserId(UUID.randomUUID()), "a@example.com", "user", Set.of("team"));
  private static final Feature TOOL =
      new Feature(new TargetId(UUID.randomUUID()), Kind.TOOL, "read");

  private TestDatabase database;
  private PolicyStore store;
  private PolicyEngine engine;

  @BeforeEach
  void start() {
    database = TestDatabase.fresh();
    store = new PolicyStore(database.database());
    engine = new PolicyEngine(store::all, () -> true);
  }

  @AfterEach
  void stop() {
    database.close();
  }

  @Test
  void readsBackWhatItWrote() {
    Policy policy =
        Policies.only(
            Policies.only(Policies.deny("no deletes", 7), Kind.RESOURCE, "file:///etc/.*"),
            new Subject.Everyone(),
            new Subject.Role("user"),
            new Subject.Group("team"),
            new Subject.User(CALLER.user()));

    store.insert(policy);

    Policy read = store.find(policy.id()).orElseThrow();
    assertThat(read)
        .usingRecursiveComparison()
        .ignoringFields("createdAt", "updatedAt")
        .ignoringCollectionOrderInFields("members")
        .isEqualTo(policy);
    assertThat(store.all()).hasSize(2);
  }

  @Test
  void wordsOfANewerVersionOpenNothing() {
    store.insert(Policies.allow("open", 5));
    assertThat(allowed()).isTrue();

    change("set effect = 'require_approval' where name = 'open'");
    assertThat(allowed()).isFalse();

    change("set effect = 'allow', resource_type = 'agent' where name = 'open'");
    assertThat(allowed()).isFalse();

    change("set resource_type = 'all' where name = 'open'");
    assertThat(allowed()).isTrue();
    subjects("set subject_type = 'tenant', subject_value = 'x' where subject_type = 'everyone'");
    assertThat(allowed()).isFalse();
  }

  @Test
  void deniesOfANewerVersionCoverTheirWholeScope() {
    store.insert(Policies.allow("open", 5));
    store.insert(
        Policies.only(
            Policies.only(Policies.deny("closed", 9), Kind.PROMPT, "x"), new Subject.Group("red")));
    assertThat(allowed()).isTrue();

    subjects("set subject_type = 'tenant' where subject_value = 'red'");
    change("set resource_type = 'agent', resource_pattern = '(' where name = 'closed'");

    assertThat(allowed()).isFalse();
  }

  private boolean allowed() {
    engine.reload();
    return engine.decide(CALLER, TOOL) instanceof Allowed;
  }

  private void change(String what) {
    database.execute("update policies " + what);
  }

  private void subjects(String what) {
    database.execute("update policy_subjects " + what);
  }
}
