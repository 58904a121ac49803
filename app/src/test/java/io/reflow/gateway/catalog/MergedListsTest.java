package io.reflow.gateway.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.reflow.gateway.config.GatewayConfig;
import io.reflow.gateway.config.McpConfig;
import io.reflow.gateway.fault.GatewayException.UpstreamFailed;
import io.reflow.gateway.identity.Identity;
import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.policy.Feature;
import io.reflow.gateway.policy.PolicyEngine;
import io.reflow.gateway.policy.Subject;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.target.Isolation;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.target.UpstreamAuth;
import io.reflow.gateway.testing.Policies;
import io.reflow.gateway.testing.UpstreamFixtures;
import io.reflow.gateway.upstream.Listener;
import io.reflow.gateway.upstream.Reach;
import io.reflow.gateway.upstream.UpstreamEvents;
import io.reflow.gateway.upstream.Upstreams;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class MergedListsTest {

  private static final Identity ANN =
      new Identity(new UserId(UUID.randomUUID()), "ann@example.com", "user", Set.of());
  private static final ObjectMapper JSON = new ObjectMapper();

  private final AtomicReference<Instant> now =
      new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));
  private final FakeServers servers = new FakeServers();
  private final Upstreams upstreams =
      new Upstreams(
          servers,
          UpstreamFixtures.STDIO,
          GatewayConfig.DEFAULTS.kubernetes(),
          GatewayConfig.DEFAULTS.mcp(),
          Upstreams.Watcher.NONE,
          reach -> reach,
          UpstreamEvents.NONE);
  private final Catalog catalog = new Catalog(upstreams, GatewayConfig.DEFAULTS.mcp(), now::get);
  private final ParallelLists lists = new ParallelLists(catalog, Duration.ofSeconds(10));
  private final SeenUris seen = new SeenUris();
  private final PolicyEngine all = Policies.engine(Policies.allow("all", 0));

  private final Reach a = reach("a", Optional.empty());
  private final Reach b = reach("b", Optional.empty());
  private final List<MergedLists.Unusable> unusable = new ArrayList<>();
  private ProtocolVersion client = ProtocolVersion.V2025_11_25;

  @AfterEach
  void close() {
    upstreams.close();
  }

  @Test
  void putsTheToolsOfAllTargetsTogetherInOrder() throws IOException, InterruptedException {
    servers.tools("a", "z", "y");
    servers.tools("b", "x");

    JsonNode page = page(all, List.of(a, b), Optional.empty());

    assertThat(names(page)).containsExactly("a_z", "a_y", "b_x");
    assertThat(page.get("tools").get(0)).hasToString("{\"name\":\"a_z\",\"x\":1.0}");
    assertThat(page.has("_meta")).isFalse();
  }

  @Test
  void showsBareNamesOnThePathOfOneTarget() throws IOException, InterruptedException {
    servers.tools("a", "z");

    assertThat(names(page(all, List.of(a), true, Optional.empty()))).containsExactly("z");
  }

  @Test
  void leavesOutWhatThePoliciesHide() throws IOException, InterruptedException {
    servers.tools("a", "read", "write");
    var readers =
        Policies.engine(Policies.only(Policies.allow("readers", 0), Feature.Kind.TOOL, "read"));

    assertThat(names(page(readers, List.of(a), Optional.empty()))).containsExactly("a_read");
  }

  @Test
  void followsEveryPageOfATargetEvenBehindAnEmptyCursor() throws IOException, InterruptedException {
    servers.lists(
        "a",
        ListKind.TOOLS,
        "{\"tools\":[{\"name\":\"1\"}],\"nextCursor\":\"1\"}",
        "{\"tools\":[{\"name\":\"2\"}],\"nextCursor\":\"2\"}",
        "{\"tools\":[{\"name\":\"3\"}],\"nextCursor\":\"1\"}");

    assertThat(names(page(all, List.of(a), Optional.empty()))).containsExactly("a_1", "a_2", "a_3");
  }

  @Test
  void pagesTheMergedListWithoutLosingOrRepeating() throws IOException, InterruptedException {
    servers.tools("a", "1", "2", "3", "4", "5");
    servers.tools("b", "6", "7");

    assertThat(everyName(List.of(a, b)))
        .containsExactly("a_1", "a_2", "a_3", "a_4", "a_5", "b_6", "b_7");
  }

  private List<String> everyName(List<Reach> reaches) throws IOException, InterruptedException {
    List<String> seen = new ArrayList<>();
    Optional<String> cursor = Optional.empty();
    do {
      JsonNode page = page(all, reaches, cursor);
      seen.addAll(names(page));
      cursor = Optional.ofNullable(page.get("nextCursor")).map(JsonNode::asText);
    } while (cursor.isPresent());
    return seen;
  }

  @Test
  void namesTheTargetThatIsMissing() throws IOException, InterruptedException {
    servers.tools("a", "z");
    servers.down("b");

    JsonNode page = page(all, List.of(a, b), Optional.empty());

    assertThat(names(page)).containsExactly("a_z");
    JsonNode missing = page.get("_meta").get("com.reflow/unavailable").get(0);
    assertThat(missing.get("target").asText()).isEqualTo("b");
    assertThat(missing.get("reason").asText()).contains("is down");
  }

  @Test
  void saysWhichTargetCantBeCalled() throws IOException, InterruptedException {
    servers.tools("a", "z");
    unusable.add(new MergedLists.Unusable(b.target(), new UpstreamFailed("b", "lacks a key")));

    JsonNode page = page(all, List.of(a), Optional.empty());

    assertThat(names(page)).containsExactly("a_z");
    JsonNode missing = page.get("_meta").get("com.reflow/unavailable").get(0);
    assertThat(missing.get("target").asText()).isEqualTo("b");
    assertThat(missing.get("reason").asText()).contains("lacks a key");
    assertThatThrownBy(() -> page(all, List.of(), Optional.empty()))
        .isInstanceOf(UpstreamFailed.class);
  }

  @Test
  void failsWhenNoTargetCanBeListed() {
    servers.down("a");
    servers.down("b");

    assertThatThrownBy(() -> page(all, List.of(a, b), Optional.empty()))
        .isInstanceOf(UpstreamFailed.class)
        .hasMessageContaining("'a' is down")
        .hasMessageContaining("'b' is down");
  }

  @Test
  void keepsTheLastGoodListForSomeMinutes() throws IOException, InterruptedException {
    servers.tools("a", "z");
    assertThat(names(page(all, List.of(a), Optional.empty()))).containsExactly("a_z");
    servers.down("a");

    pass(Duration.ofMinutes(5));
    assertThat(names(page(all, List.of(a), Optional.empty()))).containsExactly("a_z");

    pass(Duration.ofMinutes(6));
    assertThatThrownBy(() -> page(all, List.of(a), Optional.empty()))
        .isInstanceOf(UpstreamFailed.class);
  }

  @Test
  void asksAgainOnceTheTargetSaysThatItsListHasChanged() throws IOException, InterruptedException {
    servers.tools("a", "old");
    assertThat(names(page(all, List.of(a), Optional.empty()))).containsExactly("a_old");
    servers.tools("a", "new");
    assertThat(names(page(all, List.of(a), Optional.empty()))).containsExactly("a_old");

    catalog.changed(a.key(), Listener.ListKind.TOOLS);

    assertThat(names(page(all, List.of(a), Optional.empty()))).containsExactly("a_new");
  }

  @Test
  void showsTheLastGoodListOfATargetThatHangsAndAsksAgainLater()
      throws IOException, InterruptedException {
    var impatient = new ParallelLists(catalog, Duration.ofMillis(100));
    servers.tools("a", "old");
    servers.tools("b", "x");
    assertThat(names(page(all, List.of(a, b), Optional.empty()))).containsExactly("a_old", "b_x");
    servers.tools("a", "new");
    servers.silent("a");
    catalog.changed(a.key(), Listener.ListKind.TOOLS);

    assertThat(impatient.all(List.of(a, b), ListKind.TOOLS))
        .allMatch(listed -> listed instanceof ParallelLists.Listed.Found);
    servers.up("a");

    long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    List<String> shown;
    do {
      shown = names(page(all, List.of(a, b), Optional.empty()));
    } while (!shown.contains("a_new") && System.nanoTime() < end);
    assertThat(shown).as("the change is not forgotten").containsExactly("a_new", "b_x");
  }

  @Test
  void givesATakenBareNameItsTargetsPrefix() throws IOException, InterruptedException {
    Reach first = reach("first", Optional.of(""));
    Reach second = reach("second", Optional.of(""));
    servers.tools("first", "same", "a_own");
    servers.tools("second", "same", "other");
    servers.tools("a", "z");

    assertThat(everyName(List.of(a, first, second)))
        .as("what is taken, or looks like the name of another target, gets its own target's")
        .containsExactly("a_z", "same", "first_a_own", "second_same", "other");
  }

  @Test
  void findsAToolWithoutAskingAgainAndMissesOnlyAfterAsking() throws InterruptedException {
    servers.tools("a", "z");

    assertThat(catalog.find(a, ListKind.TOOLS, "z")).isPresent();
    assertThat(catalog.find(a, ListKind.TOOLS, "z")).isPresent();
    assertThat(servers.asked()).hasSize(1);

    assertThat(catalog.find(a, ListKind.TOOLS, "new")).isEmpty();
    assertThat(servers.asked()).as("it was asked just now").hasSize(1);

    servers.tools("a", "z", "new");
    pass(Duration.ofSeconds(2));
    assertThat(catalog.find(a, ListKind.TOOLS, "new")).isPresent();
  }

  @Test
  void findsTheTargetOfAResource() throws InterruptedException {
    servers.resources("a", List.of("demo://a/1"), List.of("demo://a/{id}"));
    servers.resources("b", List.of("file:///b"), List.of("demo://a/long/{id}"));
    var locator = new Locator(catalog, lists, seen);

    assertThat(locator.resource(sought("demo://a/1", a, b))).contains(a);
    assertThat(locator.resource(sought("demo://a/2", a, b))).contains(a);
    assertThat(locator.resource(sought("demo://a/long/2", a, b))).contains(b);
    assertThat(locator.resource(sought("file:///elsewhere", a, b))).contains(b);
    assertThat(locator.resource(sought("gopher://x", a, b))).isEmpty();
    assertThat(locator.template(sought("demo://a/long/{id}", a, b))).contains(b);
  }

  @Test
  void findsTheTargetThatHasSpokenOfAResource() throws InterruptedException {
    servers.resources("a", List.of("demo://a/1"), List.of("demo://a/{id}"));
    servers.resources("b", List.of("demo://a/2"), List.of());
    var locator = new Locator(catalog, lists, seen);
    var stranger = new UserId(UUID.randomUUID());
    RawJson result =
        RawJson.of(
            "{\"content\":[{\"type\":\"resource_link\",\"uri\":\"demo://a/1\"},"
                + "{\"type\":\"resource\",\"resource\":{\"uri\":\"demo://a/3\"}}]}");
    seen.note(stranger, b.target().id(), "tools/call", result);
    assertThat(locator.resource(sought("demo://a/3", a, b))).contains(a);

    seen.note(ANN.user(), b.target().id(), "tools/call", result);

    assertThat(locator.resource(sought("demo://a/3", a, b))).contains(b);
    assertThat(locator.resource(sought("demo://a/1", a, b))).contains(a);
  }

  @Test
  void refusesUrisThatMayMeanTwoThings() throws InterruptedException {
    servers.resources("a", List.of("file:///listed/../odd"), List.of("file:///{path}"));
    var locator = new Locator(catalog, lists, seen);

    assertThat(locator.resource(sought("file:///listed/../odd", a))).contains(a);
    for (String uri :
        List.of("file:///x/../etc", "file:///%2e%2e/etc", "file:///a%2Fb", "file:///a/..")) {
      assertThat(locator.resource(sought(uri, a))).as(uri).isEmpty();
    }
  }

  private JsonNode page(PolicyEngine policies, List<Reach> reaches, Optional<String> cursor)
      throws InterruptedException, IOException {
    return page(policies, reaches, false, cursor);
  }

  private JsonNode page(
      PolicyEngine policies, List<Reach> reaches, boolean bare, Optional<String> cursor)
      throws InterruptedException, IOException {
    McpConfig defaults = GatewayConfig.DEFAULTS.mcp();
    var three =
        new McpConfig.Lists(
            3,
            defaults.list().announcedTtl(),
            defaults.list().silentTtl(),
            defaults.list().maxStale());
    var config =
        new McpConfig(
            defaults.naming(),
            three,
            Optional.empty(),
            defaults.timeout(),
            defaults.inputTimeout(),
            defaults.maxUpstreamMessageSize(),
            defaults.sse(),
            defaults.extras());
    var merged =
        new MergedLists(
            lists,
            policies,
            new Names(config.naming()),
            new Cursors(new byte[32], now::get),
            config,
            now::get);
    var audience = new MergedLists.Audience(ANN, client, bare);
    return JSON.readTree(
        merged.page(audience, reaches, unusable, ListKind.TOOLS, cursor).toString());
  }

  private static List<String> names(JsonNode page) {
    return page.get("tools").findValuesAsText("name");
  }

  private static List<Locator.Sought> sought(String uri, Reach... reaches) {
    return Stream.of(reaches).map(reach -> new Locator.Sought(reach, uri)).toList();
  }

  @Test
  void statelessClientsAreToldHowLongAListIsFreshAndForWhom()
      throws IOException, InterruptedException {
    servers.tools("a", "1");
    client = ProtocolVersion.V2026_07_28;
    page(all, List.of(a), Optional.empty());
    pass(Duration.ofSeconds(7));

    JsonNode page = page(all, List.of(a), Optional.empty());

    assertThat(page.get("ttlMs").asLong()).isEqualTo(53_000);
    assertThat(page.get("cacheScope").asText()).isEqualTo("private");
    client = ProtocolVersion.V2025_11_25;
    assertThat(page(all, List.of(a), Optional.empty()).properties()).hasSize(1);
  }

  @Test
  void aStatelessTargetSaysItselfHowLongItsListIsFresh() throws IOException, InterruptedException {
    servers.stateless("a");
    servers.lists(
        "a",
        ListKind.TOOLS,
        "{\"tools\":[],\"ttlMs\":9000,\"cacheScope\":\"public\",\"nextCursor\":\"1\"}",
        "{\"tools\":[],\"ttlMs\":4000,\"cacheScope\":\"public\"}");
    client = ProtocolVersion.V2026_07_28;

    JsonNode page = page(all, List.of(a), Optional.empty());

    assertThat(page.get("ttlMs").asLong()).isEqualTo(4000);
    assertThat(page.get("cacheScope").asText()).isEqualTo("public");
    pass(Duration.ofSeconds(3));
    page(all, List.of(a), Optional.empty());
    assertThat(servers.asked()).hasSize(2);
    pass(Duration.ofSeconds(1));
    page(all, List.of(a), Optional.empty());
    assertThat(servers.asked()).hasSize(4);
  }

  @Test
  void aListThatDependsOnItsCallerIsNeverPublic() throws IOException, InterruptedException {
    servers.stateless("a");
    servers.stateless("b");
    String open = "{\"tools\":[],\"ttlMs\":99999999999,\"cacheScope\":\"public\"}";
    servers.lists("a", ListKind.TOOLS, open);
    servers.lists("b", ListKind.TOOLS, open.replace("public", "private"));
    client = ProtocolVersion.V2026_07_28;
    PolicyEngine personal =
        Policies.engine(Policies.only(Policies.allow("ann", 0), new Subject.User(ANN.user())));

    assertThat(page(all, List.of(a), Optional.empty()).toString())
        .contains("\"ttlMs\":3600000,\"cacheScope\":\"public\"");
    assertThat(page(all, List.of(a, b), Optional.empty()).toString()).contains("private");
    assertThat(page(personal, List.of(a), Optional.empty()).toString()).contains("private");
  }

  @Test
  void aPartialListIsSoonOld() throws IOException, InterruptedException {
    servers.tools("a", "1");
    servers.down("b");
    client = ProtocolVersion.V2026_07_28;

    assertThat(page(all, List.of(a, b), Optional.empty()).get("ttlMs").asLong()).isEqualTo(5000);
  }

  @Test
  void clientsSeeOfToolsWhatTheirRevisionKnows() throws IOException, InterruptedException {
    servers.lists(
        "a",
        ListKind.TOOLS,
        "{\"tools\":[{\"x\":1.0,\"name\":\"1\",\"execution\":{},\"outputSchema\":{\"type\":\"array\"},"
            + "\"icons\":[{\"src\":\"http://a/\"},{\"src\":\"https://a/\"},{\"src\":\"DATA:,\"}]},"
            + "{\"name\":\"2\",\"outputSchema\":{\"type\":\"object\",\"y\":1.0}}]}");
    String one = "{\"x\":1.0,\"name\":\"a_1\",";
    String icons = "\"icons\":[{\"src\":\"https://a/\"},{\"src\":\"DATA:,\"}]}";
    String two = "{\"name\":\"a_2\",\"outputSchema\":{\"type\":\"object\",\"y\":1.0}}";

    assertThat(page(all, List.of(a), Optional.empty()).get("tools").toString())
        .isEqualTo("[" + one + icons + "," + two + "]");
    client = ProtocolVersion.V2026_07_28;
    assertThat(page(all, List.of(a), Optional.empty()).get("tools").toString())
        .isEqualTo("[" + one + "\"outputSchema\":{\"type\":\"array\"}," + icons + "," + two + "]");
  }

  @Test
  void aToolThatCouldNotBeCalledIsNotListed() throws IOException, InterruptedException {
    String tools =
        "{\"tools\":[{\"name\":\"bad\",\"inputSchema\":{\"type\":\"object\",\"properties\":{"
            + "\"x-mcp-header\":{\"type\":\"number\",\"x-mcp-header\":\"N\",\"default\":1.0}}}},"
            + "{\"name\":\"good\",\"inputSchema\":{\"type\":\"object\",\"properties\":{"
            + "\"a\":{\"type\":\"string\",\"x-mcp-header\":\"N\"}}}}]}";
    servers.lists("a", ListKind.TOOLS, tools);
    servers.lists("b", ListKind.TOOLS, tools);
    servers.stateless("b");
    Reach web = reach("b", new Transport.StreamableHttp(URI.create("http://localhost/mcp")));

    JsonNode page = page(all, List.of(a, web), Optional.empty());

    assertThat(names(page)).containsExactly("a_bad", "a_good", "b_good");
    assertThat(page.get("tools").get(0).get("inputSchema"))
        .hasToString(
            "{\"type\":\"object\",\"properties\":{\"x-mcp-header\":"
                + "{\"type\":\"number\",\"default\":1.0}}}");
    assertThat(page.get("tools").get(1).toString()).contains("\"x-mcp-header\":\"N\"");
  }

  private void pass(Duration time) {
    now.updateAndGet(at -> at.plus(time));
  }

  private static Reach reach(String name, Optional<String> prefix) {
    return reach(name, new Transport.Stdio("true", List.of()), prefix);
  }

  private static Reach reach(String name, Transport transport) {
    return reach(name, transport, Optional.empty());
  }

  private static Reach reach(String name, Transport transport, Optional<String> prefix) {
    var target =
        new Target(
            new TargetId(UUID.randomUUID()),
            name,
            transport,
            Isolation.SHARED,
            new UpstreamAuth.None(),
            0,
            Optional.empty(),
            prefix,
            true,
            1);
    return new Reach(
        target,
        Policies.permit(ANN, target.id()),
        UpstreamFixtures.shared(target),
        UpstreamFixtures.NO_INJECTION);
  }
}
