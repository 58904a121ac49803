package io.reflow.gateway.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.instance.InstanceKey.Sharing;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.upstream.ServerFacts;
import io.reflow.gateway.upstream.ServerFacts.Capability;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

final class KnownServersTest {

  private static final TargetId TARGET = new TargetId(UUID.randomUUID());

  private final KnownServers servers = new KnownServers();

  @Test
  void tellsTheInstructionsOfAnInstanceOnlyToThoseWhoShareIt() {
    InstanceKey anns = instance();
    InstanceKey bobs = instance();

    servers.learned(anns, facts("Ann's projects: x, y"));

    assertThat(servers.instructions(anns)).contains("Ann's projects: x, y");
    assertThat(servers.instructions(bobs)).isEmpty();
    assertThat(servers.offers(TARGET)).contains(Set.of(Capability.TOOLS));
  }

  @Test
  void forgetsAllInstancesOfATarget() {
    InstanceKey anns = instance();
    servers.learned(anns, facts("Ann's projects: x, y"));

    servers.forget(TARGET);

    assertThat(servers.instructions(anns)).isEmpty();
    assertThat(servers.offers(TARGET)).isEmpty();
  }

  private static InstanceKey instance() {
    return new InstanceKey(TARGET, new Sharing.User(new UserId(UUID.randomUUID())));
  }

  private static ServerFacts facts(String instructions) {
    return new ServerFacts(
        ProtocolVersion.V2025_11_25,
        RawJson.EMPTY_OBJECT,
        RawJson.EMPTY_OBJECT,
        Optional.of(instructions),
        Set.of(Capability.TOOLS));
  }
}
