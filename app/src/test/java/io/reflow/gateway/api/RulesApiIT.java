package io.reflow.gateway.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.api.RulesApi.Reply;
import io.reflow.gateway.policy.Decision.Allowed;
import io.reflow.gateway.policy.Feature;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.target.UpstreamAuth;
import io.reflow.gateway.testing.RunningTime;
import io.reflow.gateway.testing.TestDatabase;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RulesApiIT {

  private static final String STDIO =
      "{'name':'files','transport_type':'stdio','command':'npx','args':['-y','server']}";
  private static final String HTTP =
      "{'name':'web','transport_type':'streamable-http','url':'http://localhost:9/mcp',"
          + "'auth_type':'bearer'}";
  private static final ProbeReport REPORT =
      new ProbeReport.Reached(
          "initialize",
          "2025-11-25",
          "everything",
          Optional.of("1"),
          Optional.of(11),
          Optional.empty(),
          Optional.of(3));

  private TestDatabase database;
  private RulesApi api;

  @BeforeEach
  void start() {
    database = TestDatabase.fresh();
    api = new RulesApi(database, (_, _) -> REPORT);
  }

  @AfterEach
  void stop() {
    api.close();
    database.close();
  }

  @Test
  void newGatewayHasOneRule() {
    Reply list = call("admin", "GET", "/policies", "");

    assertThat(list.body())
        .contains("\"name\":\"Admins\"", "\"effect\":\"allow\"", "\"subject_value\":\"admin\"")
        .containsOnlyOnce("resource_type");
    TargetId anything = new TargetId(UUID.randomUUID());
    assertThat(api.policies.visible(RulesApi.ADMIN, anything)).isInstanceOf(Allowed.class);
    assertThat(api.policies.visible(RulesApi.ALICE, anything)).isNotInstanceOf(Allowed.class);
  }

  @Test
  void everythingThatChangesIsForAdminsOnly() {
    String id = call("admin", "POST", "/targets", STDIO).id();
    for (String caller : List.of("alice", "weak-admin")) {
      assertThat(call(caller, "POST", "/targets", HTTP).status()).isEqualTo(403);
      assertThat(call(caller, "PUT", "/targets/" + id, STDIO).status()).isEqualTo(403);
      assertThat(call(caller, "DELETE", "/targets/" + id, "").status()).isEqualTo(403);
      assertThat(call(caller, "POST", "/targets/import", "{}").status()).isEqualTo(403);
      assertThat(call(caller, "POST", "/targets/" + id + "/probe", "").status()).isEqualTo(403);
      assertThat(call(caller, "GET", "/policies", "").status()).isEqualTo(403);
      assertThat(call(caller, "POST", "/policies", "{}").status()).isEqualTo(403);
      assertThat(call(caller, "GET", "/targets/" + id + "/env", "").status()).isEqualTo(403);
      assertThat(call(caller, "PUT", "/targets/" + id + "/env/default", "{}").status())
          .isEqualTo(403);
    }
  }

  @Test
  void targetLivesFromPostToDelete() {
    List<TargetId> changed = new CopyOnWriteArrayList<>();
    api.targets.onChange(changed::add);
    Reply created = call("admin", "POST", "/targets", STDIO);
    assertThat(created.status()).isEqualTo(201);
    assertThat(created.body())
        .contains(
            "\"name\":\"files\"",
            "\"args\":[\"-y\",\"server\"]",
            "\"revision\":1",
            "\"enabled\":true");
    TargetId id = new TargetId(UUID.fromString(created.id()));
    assertThat(changed).containsExactly(id);
    changed.clear();

    Reply updated =
        call(
            "admin",
            "PUT",
            "/targets/" + id,
            "{'name':'files','transport_type':'stdio','command':'uvx','enabled':false,"
                + "'features':{'instructions':false},'title':'Files','priority':7}");
    assertThat(updated.status()).isEqualTo(200);
    assertThat(updated.body())
        .contains(
            "\"command\":\"uvx\"",
            "\"args\":[]",
            "\"revision\":2",
            "\"enabled\":false",
            "\"features\":{\"instructions\":false}");
    assertThat(changed).contains(id);
    assertThat(call("admin", "PUT", "/targets/" + id, STDIO).body()).contains("\"enabled\":false");

    assertThat(call("admin", "DELETE", "/targets/" + id, "").status()).isEqualTo(204);
    assertThat(api.targets.find(id)).isEmpty();
    assertThat(call("admin", "GET", "/targets/" + id, "").status()).isEqualTo(404);
    assertThat(call("admin", "DELETE", "/targets/" + id, "").status()).isEqualTo(404);
    assertThat(call("admin", "PUT", "/targets/" + id, STDIO).status()).isEqualTo(404);
  }

  @Test
  void noTwoTargetsShareNameOrPrefix() {
    call("admin", "POST", "/targets", STDIO);

    Reply again = call("admin", "POST", "/targets", STDIO);
    assertThat(again.status()).isEqualTo(409);
    assertThat(again.body()).contains("there is a target 'files' already");
    assertThat(
            call("admin", "POST", "/targets", HTTP.replace("}", ",'tool_prefix':'files'}"))
                .status())
        .isEqualTo(409);
    assertThat(call("admin", "POST", "/targets", HTTP.replace("}", ",'tool_prefix':''}")).status())
        .isEqualTo(201);
  }

  @Test
  void invalidTargetIsRefusedByField() {
    Reply reply = call("admin", "POST", "/targets", STDIO.replace("files", "FILES"));
    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.body()).contains("name");
    assertThat(call("admin", "POST", "/targets", STDIO.replace("'args'", "'argz'")).status())
        .isEqualTo(400);
  }

  @Test
  void othersSeeOnlyWhatAPolicyOpens() {
    String files = call("admin", "POST", "/targets", STDIO).id();
    String web = call("admin", "POST", "/targets", HTTP).id();
    assertThat(call("alice", "GET", "/targets", "").body()).isEqualTo("[]");
    Reply hidden = call("alice", "GET", "/targets/" + files, "");
    String nothing = UUID.randomUUID().toString();
    Reply unknown = call("alice", "GET", "/targets/" + nothing, "");
    assertThat(hidden.status()).isEqualTo(404);
    assertThat(hidden.refusal()).isEqualTo(unknown.refusal().replace(nothing, files));

    allow(files, "tool", "read_.*", "{'subject_type':'group','subject_value':'team'}");

    assertThat(call("alice", "GET", "/targets", "").body())
        .isEqualTo(
            "[{\"id\":\"%s\",\"name\":\"files\",\"transport_type\":\"stdio\"}]".formatted(files));
    assertThat(call("alice", "GET", "/targets/" + files, "").body()).doesNotContain("command");
    assertThat(call("alice", "GET", "/targets/" + web, "").status()).isEqualTo(404);
    assertThat(call("bob", "GET", "/targets/" + files, "").status()).isEqualTo(404);
    assertThat(call("admin", "GET", "/targets", "").body()).contains("npx", "\"name\":\"web\"");
  }

  @Test
  void policyCountsBeforeItIsAnswered() {
    String files = call("admin", "POST", "/targets", STDIO).id();
    Feature read = new Feature(new TargetId(UUID.fromString(files)), Feature.Kind.TOOL, "read_it");
    String policy = allow(files, "tool", "read_.*", "{'subject_type':'everyone'}");
    assertThat(api.policies.decide(RulesApi.BOB, read)).isInstanceOf(Allowed.class);

    String denied = "{'name':'p','effect':'deny','subjects':[{'subject_type':'everyone'}]}";
    assertThat(call("admin", "PUT", "/policies/" + policy, denied).status()).isEqualTo(200);
    assertThat(api.policies.decide(RulesApi.BOB, read)).isNotInstanceOf(Allowed.class);

    assertThat(call("admin", "DELETE", "/policies/" + policy, "").status()).isEqualTo(204);
    assertThat(call("admin", "GET", "/policies/" + policy, "").status()).isEqualTo(404);
    assertThat(call("admin", "DELETE", "/policies/" + policy, "").status()).isEqualTo(404);
  }

  @Test
  void subjectsComeAndGo() {
    String files = call("admin", "POST", "/targets", STDIO).id();
    TargetId target = new TargetId(UUID.fromString(files));
    String policy = allow(files, "all", ".*", "");
    String bob = "{'subject_type':'user','subject_value':'%s'}".formatted(RulesApi.BOB.user());

    Reply added = call("admin", "POST", "/policies/" + policy + "/subjects", bob);

    assertThat(added.status()).isEqualTo(201);
    assertThat(api.policies.visible(RulesApi.BOB, target)).isInstanceOf(Allowed.class);
    assertThat(call("admin", "POST", "/policies/" + policy + "/subjects", bob).status())
        .isEqualTo(409);
    String subject = "/policies/" + policy + "/subjects/" + added.id();
    assertThat(call("admin", "DELETE", subject, "").status()).isEqualTo(204);
    assertThat(api.policies.visible(RulesApi.BOB, target)).isNotInstanceOf(Allowed.class);
    assertThat(call("admin", "DELETE", subject, "").status()).isEqualTo(404);
  }

  @Test
  void policyThatNamesWhatIsNotThereIsRefused() {
    for (String wrong :
        List.of(
            "'target_id':'%s'".formatted(UUID.randomUUID()),
            "'target_id':'x'",
            "'resource_type':'x'",
            "'resource_pattern':'('",
            "'resource_pattern':''",
            "'resource_pattern':'(?=x)'",
            "'effect':'maybe'",
            "'subjects':[{'subject_type':'x'}]",
            "'subjects':[{'subject_type':'everyone','subject_value':'x'}]",
            "'subjects':[{'subject_type':'role'}]",
            "'subjects':[{'subject_type':'user','subject_value':'bob'}]",
            "'subjects':[{'subject_type':'user','subject_value':'%s'}]"
                .formatted(UUID.randomUUID()),
            "'subjects':[null]",
            "'surprise':1")) {
      String effect = wrong.contains("effect") ? "" : "'effect':'allow',";
      Reply reply =
          call("admin", "POST", "/policies", "{'name':'p',%s%s}".formatted(effect, wrong));
      assertThat(reply.status()).as(wrong).isEqualTo(400);
      assertThat(reply.body()).contains(wrong.substring(1, wrong.indexOf(':') - 2));
    }
  }

  @Test
  void checkExplainsToAdminsAndAnswersOthersAboutThemselves() {
    String files = call("admin", "POST", "/targets", STDIO).id();
    allow(files, "tool", "read_.*", "{'subject_type':'group','subject_value':'team'}");
    String question = "{'target':'files','resource_type':'tool','resource_name':'read_x'%s}";
    String aboutAlice = ",'user_id':'%s'".formatted(RulesApi.ALICE.user());

    Reply admin = call("admin", "POST", "/policies/check", question.formatted(aboutAlice));
    assertThat(admin.body())
        .contains("\"allowed\":true", "\"matched_policy\":\"p\"", "\"decided\":true");
    String aboutBob = ",'user_id':'%s'".formatted(RulesApi.BOB.user());
    assertThat(call("admin", "POST", "/policies/check", question.formatted(aboutBob)).body())
        .contains("\"allowed\":false", "its subjects do not include the caller");

    assertThat(call("alice", "POST", "/policies/check", question.formatted("")).body())
        .contains("\"allowed\":true");
    assertThat(call("alice", "POST", "/policies/check", question.formatted(aboutBob)).status())
        .isEqualTo(403);
    assertThat(call("bob", "POST", "/policies/check", question.formatted("")).status())
        .isEqualTo(404);
  }

  @Test
  void envConfigsGoInAndNeverComeOut() {
    String files = call("admin", "POST", "/targets", STDIO).id();
    String env = "/targets/" + files + "/env";

    Reply created =
        call(
            "admin",
            "POST",
            env + "/default",
            "{'key':'API_KEY','value':'s3cret','description':'the key','user_settable':true}");

    assertThat(created.status()).isEqualTo(201);
    assertThat(created.body()).contains("\"configured\":true").doesNotContain("s3cret");
    assertThat(
            call("admin", "PUT", env + "/default", "{'configs':{'A':'v-one','B':'v-two'}}").body())
        .contains("\"key\":\"A\"", "\"key\":\"B\"", "\"configured\":false")
        .doesNotContain("v-one");
    assertThat(call("admin", "GET", env, "").body())
        .contains("\"key\":\"API_KEY\"", "\"description\":\"the key\"")
        .doesNotContain("v-one", "v-two");
    assertThat(call("admin", "GET", env + "/resolve", "").body())
        .isEqualTo("[{\"key\":\"A\",\"scope\":\"default\"},{\"key\":\"B\",\"scope\":\"default\"}]");
    assertThat(call("admin", "DELETE", env + "/default/A", "").status()).isEqualTo(204);
    assertThat(call("admin", "DELETE", env + "/default/A", "").status()).isEqualTo(404);
    assertThat(call("admin", "POST", env + "/default", "{'key':'X'}").status()).isEqualTo(400);
    Reply nul = call("admin", "POST", env + "/default", "{'key':'X','value':'s3cret\\u0000'}");
    assertThat(nul.status()).isEqualTo(400);
    assertThat(nul.body()).doesNotContain("s3cret");
  }

  @Test
  void usersSetOnlyTheirOwnDeclaredKeys() {
    String files =
        call("admin", "POST", "/targets", STDIO.replace("}", ",'isolation_boundary':'per_user'}"))
            .id();
    String env = "/targets/" + files + "/env";
    String own = env + "/user/" + RulesApi.ALICE.user();
    assertThat(call("alice", "POST", own, "{'key':'TOKEN','value':'x'}").status()).isEqualTo(404);
    allow(files, "all", ".*", "{'subject_type':'everyone'}");
    assertThat(call("alice", "POST", own, "{'key':'TOKEN','value':'x'}").status()).isEqualTo(403);
    assertThat(
            call("admin", "POST", env + "/default", "{'key':'TOKEN','user_settable':true}")
                .status())
        .isEqualTo(201);
    call("admin", "POST", own, "{'key':'ADMINS','value':'a'}");

    assertThat(call("alice", "POST", own, "{'key':'TOKEN','value':'x'}").status()).isEqualTo(201);

    assertThat(call("alice", "GET", env + "/resolve", "").body())
        .contains("\"key\":\"TOKEN\",\"scope\":\"user\"");
    assertThat(call("alice", "PUT", own, "{'configs':{'TOKEN':'y'}}").status()).isEqualTo(200);
    assertThat(call("alice", "PUT", own, "{'configs':{}}").body())
        .contains("\"key\":\"ADMINS\"", "\"configured\":false", "\"user_settable\":true");
    assertThat(call("alice", "PUT", own, "{'configs':{'ADMINS':'y'}}").status()).isEqualTo(403);
    assertThat(call("alice", "DELETE", own + "/ADMINS", "").status()).isEqualTo(403);
    assertThat(call("bob", "POST", own, "{'key':'TOKEN','value':'x'}").status()).isEqualTo(403);
    assertThat(call("bob", "GET", own, "").status()).isEqualTo(403);
    assertThat(
            call("admin", "POST", env + "/default", "{'key':'NODE_OPTIONS','user_settable':true}")
                .status())
        .isEqualTo(400);
  }

  @Test
  void headerValuesAreCheckedWhenTheyAreSaved() {
    String web = call("admin", "POST", "/targets", HTTP).id();
    String env = "/targets/" + web + "/env/default";

    for (String value : List.of("a\\nb", "ü", "", " a", "a\\u007f")) {
      Reply reply =
          call("admin", "POST", env, "{'key':'AUTH_TOKEN','value':'%s'}".formatted(value));
      assertThat(reply.status()).isEqualTo(400);
      assertThat(reply.body()).contains("AUTH_TOKEN");
    }
    assertThat(call("admin", "POST", env, "{'key':'AUTH_TOKEN','value':'ok'}").status())
        .isEqualTo(201);
  }

  @Test
  void importTakesOverAllOrNothing() {
    String file =
        "{'mcpServers':{'My Files':{'command':'npx','args':['-y','srv'],'env':{'API_KEY':'s3cret'},"
            + "'autoApprove':[]},'remote':{'url':'https://h/mcp',"
            + "'headers':{'Authorization':'Bearer tok-1'}}%s}}";
    Reply dry = call("admin", "POST", "/targets/import?dry_run=true", file.formatted(""));
    assertThat(dry.status()).isEqualTo(200);
    assertThat(dry.body())
        .contains(
            "\"dry_run\":true",
            "\"source\":\"My Files\"",
            "\"name\":\"my-files\"",
            "\"env_keys\":[\"API_KEY\"]",
            "\"ignored_fields\":[\"autoApprove\"]")
        .doesNotContain("s3cret", "tok-1");
    assertThat(api.targets.all()).isEmpty();

    String bad = ",'x':{'command':'npx','args':['--api-key','s3cret']}";
    Reply refused = call("admin", "POST", "/targets/import", file.formatted(bad));
    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.body()).contains("args[1]", "env").doesNotContain("s3cret");
    assertThat(call("admin", "POST", "/targets/import?dry_run=true", file.formatted(bad)).body())
        .contains("\"problem\":\"args[1]");
    assertThat(api.targets.all()).isEmpty();

    Reply created = call("admin", "POST", "/targets/import", file.formatted(""));
    assertThat(created.status()).isEqualTo(201);
    assertThat(created.body()).doesNotContain("s3cret", "tok-1");
    TargetId files = api.targets.findByName("my-files").orElseThrow().id();
    assertThat(call("admin", "GET", "/targets/" + files + "/env", "").body()).contains("API_KEY");
    assertThat(call("admin", "POST", "/targets/import", file.formatted("")).status())
        .isEqualTo(400);
  }

  @Test
  void importTakesOverAServerOfTheOlderWayOverHttp() {
    Reply created =
        call(
            "admin",
            "POST",
            "/targets/import",
            "{'mcpServers':{'old':{'type':'sse','url':'https://h/sse','headers':{'X-Key':'k-1'}}}}");

    assertThat(created.status()).isEqualTo(201);
    assertThat(created.body())
        .contains("\"transport_type\":\"sse\"", "\"url\":\"https://h/sse\"")
        .doesNotContain("k-1");
    Target old = api.targets.findByName("old").orElseThrow();
    assertThat(old.transport()).isEqualTo(new Transport.Sse(URI.create("https://h/sse")));
    assertThat(old.auth()).isEqualTo(new UpstreamAuth.Header("X-Key"));
  }

  @Test
  void importRefusesWhatItCannotRead() {
    for (String entry :
        List.of(
            "null",
            "{}",
            "{'command':1}",
            "{'command':'x','args':'y'}",
            "{'command':'x','args':[1]}",
            "{'command':'x','env':{'A':1}}",
            "{'command':'x','env':{'A':'${input:a}'}}",
            "{'command':'x','env':{'A-B':'x'}}",
            "{'url':'http://h/','headers':{'A':'b','C':'d'}}",
            "{'url':'http://h/','headers':{'Host':'b'}}",
            "{'url':'http://user:pass@h/'}",
            "{'url':'file:///x'}")) {
      Reply reply =
          call("admin", "POST", "/targets/import", "{'mcpServers':{'x':%s}}".formatted(entry));
      assertThat(reply.status()).as(entry).isEqualTo(400);
      assertThat(reply.body()).contains("'x': ").doesNotContain("pass@");
    }
    assertThat(call("admin", "POST", "/targets/import", "{'mcpServers':{}}").status())
        .isEqualTo(400);
    assertThat(api.targets.all()).isEmpty();
  }

  @Test
  void probeReportsWhatTheTargetSaid() {
    String files = call("admin", "POST", "/targets", STDIO).id();

    assertThat(call("admin", "POST", "/targets/" + files + "/probe", "").body())
        .contains("\"reached\":true", "\"tools\":11", "\"server_name\":\"everything\"")
        .doesNotContain("resources");
  }

  @Test
  void otherReplicaKnowsWithinTwoSeconds() {
    try (var other = new RulesApi(database, (_, _) -> REPORT);
        var time = RunningTime.start()) {
      String files = call("admin", "POST", "/targets", STDIO).id();
      TargetId id = new TargetId(UUID.fromString(files));
      Duration changed = time.now();
      allow(files, "all", ".*", "{'subject_type':'everyone'}");

      await(() -> other.targets.find(id).isPresent());
      await(() -> other.policies.visible(RulesApi.BOB, id) instanceof Allowed);
      assertThat(time.since(changed)).isLessThan(Duration.ofSeconds(2));

      List<TargetId> heard = new CopyOnWriteArrayList<>();
      other.credentials.onChange(heard::add);
      call("admin", "POST", "/targets/" + files + "/env/default", "{'key':'A','value':'b'}");
      await(() -> heard.contains(id));

      call("admin", "DELETE", "/targets/" + files, "");
      await(() -> other.targets.find(id).isEmpty());
      await(() -> !(other.policies.visible(RulesApi.BOB, id) instanceof Allowed));
    }
  }

  private String allow(String target, String type, String pattern, String subjects) {
    Reply reply =
        call(
            "admin",
            "POST",
            "/policies",
            "{'name':'p','effect':'allow','target_id':'%s','resource_type':'%s',"
                    .formatted(target, type)
                + "'resource_pattern':'%s','subjects':[%s]}".formatted(pattern, subjects));
    assertThat(reply.status()).as(reply.body()).isEqualTo(201);
    return reply.id();
  }

  private Reply call(String caller, String method, String path, String body) {
    return api.call(caller, method, path, body);
  }

  private static void await(BooleanSupplier condition) {
    Instant end = Instant.now().plusSeconds(60);
    while (!condition.getAsBoolean()) {
      assertThat(Instant.now()).isBefore(end);
      LockSupport.parkNanos(1_000_000);
    }
  }
}
