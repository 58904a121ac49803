package io.reflow.gateway.upstream.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.instance.InstanceKey.Sharing;
import io.reflow.gateway.target.Isolation;
import io.reflow.gateway.target.Pod;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.target.TargetSettings;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.target.UpstreamAuth;
import io.reflow.operator.crd.McpInstanceSpec;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class TenantsTest {

  private static final TargetId ID = new TargetId(new UUID(0, 7));
  private static final Sharing EVERYONE = new Sharing.Everyone();
  private static final Sharing DEVELOPERS = new Sharing.Role("developer");
  private static final Sharing ANN = new Sharing.User(new UserId(new UUID(0, 1)));
  private static final Pod POD =
      new Pod(
          "ghcr.io/acme/jira:1",
          8080,
          "/mcp",
          Optional.empty(),
          List.of(),
          List.of(),
          new TreeMap<>(),
          Pod.Egress.NONE,
          List.of(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty());

  private static Target target(Transport transport, Isolation isolation, boolean stateful) {
    var defaults = TargetSettings.DEFAULTS;
    return new Target(
        ID,
        "jira",
        transport,
        isolation,
        new UpstreamAuth.None(),
        0,
        Optional.empty(),
        Optional.empty(),
        true,
        1,
        new TargetSettings(
            stateful,
            defaults.protocol(),
            defaults.features(),
            defaults.replaySafe(),
            defaults.trusted(),
            defaults.uriMode(),
            defaults.capabilities(),
            defaults.description(),
            defaults.network()),
        Instant.EPOCH,
        Instant.EPOCH);
  }

  private static Target pods(Isolation isolation) {
    return target(new Transport.Kubernetes(POD), isolation, false);
  }

  private static McpInstanceSpec of(Sharing sharing) {
    return Desired.spec(
        new Wanted("mcp-x", ID, "jira", Subjects.key(sharing), POD, Map.of()), Optional.empty());
  }

  private static boolean canUse(Target target, Sharing instance, Sharing... sharings) {
    return new Tenants(_ -> Optional.of(target), _ -> true, Optional.of(Set.of(sharings)))
        .canUse(of(instance));
  }

  @Test
  void anInstanceIsForThoseWhoShareIt() {
    assertThat(canUse(pods(Isolation.PER_ROLE), DEVELOPERS, EVERYONE, DEVELOPERS)).isTrue();
    assertThat(canUse(pods(Isolation.PER_ROLE), DEVELOPERS, EVERYONE, ANN)).isFalse();
    assertThat(canUse(pods(Isolation.PER_USER), ANN, EVERYONE, DEVELOPERS)).isFalse();
  }

  @Test
  void nobodyUsesWhatIsSharedInAnotherWayByNow() {
    assertThat(canUse(pods(Isolation.SHARED), ANN, EVERYONE, ANN)).isFalse();
    assertThat(canUse(pods(Isolation.PER_USER), EVERYONE, EVERYONE, ANN)).isFalse();
  }

  @Test
  void aStatefulTargetHasAUsersOwnInstancesToo() {
    var stateful = target(new Transport.Kubernetes(POD), Isolation.SHARED, true);

    assertThat(canUse(stateful, ANN, EVERYONE, ANN)).isTrue();
    assertThat(canUse(stateful, EVERYONE, EVERYONE, ANN)).isTrue();
    assertThat(canUse(stateful, ANN, EVERYONE)).isFalse();
    assertThat(canUse(stateful, DEVELOPERS, EVERYONE, DEVELOPERS)).isFalse();
  }

  @Test
  void aTargetThatIsGoneOrElsewhereUsesNothing() {
    var http = new Transport.StreamableHttp(URI.create("http://localhost/mcp"));

    assertThat(canUse(target(http, Isolation.SHARED, false), EVERYONE, EVERYONE)).isFalse();
    assertThat(
            new Tenants(_ -> Optional.empty(), _ -> false, Optional.empty()).canUse(of(EVERYONE)))
        .isFalse();
  }

  @Test
  void whatIsNotKnownMayBeUsed() {
    assertThat(new Tenants(_ -> Optional.empty(), _ -> true, Optional.empty()).canUse(of(EVERYONE)))
        .isTrue();
    assertThat(
            new Tenants(_ -> Optional.of(pods(Isolation.PER_USER)), _ -> true, Optional.empty())
                .canUse(of(ANN)))
        .isTrue();
  }
}
